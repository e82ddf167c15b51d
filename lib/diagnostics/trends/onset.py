"""When it began."""

from __future__ import annotations

import numpy as np

from diagnostics.trends.series import Series


def onset(series: Series, limit: float) -> tuple[int, tuple[int, int]] | None:
    """When the latest stretch above `limit` began: the first instant known above it, and the interval of the crossing.

    Returns `None` when nothing is above, and when the stretch is older than the first known value. One value back at
    the limit does not end a stretch.
    """
    at, before = _stretch(series, limit) or (0, None)
    return None if before is None else (at, (before, at + series.step_ms))


def _stretch(series: Series, limit: float) -> tuple[int, int | None] | None:
    known = np.isfinite(series.value)
    at, above = series.at_ms[known], series.value[known] > limit
    if not above.any():
        return None
    last = int(np.flatnonzero(above)[-1])
    below = np.flatnonzero(~above[:last])
    # A single value back at the limit between two above it is noise around the limit.
    ends = [i for i in below if i == 0 or not above[i - 1] or (i + 1 <= last and not above[i + 1])]
    if not ends:
        return int(at[0]), None
    before = int(ends[-1])
    return int(at[before + 1]), int(at[before]) + series.step_ms
