"""What producers and workers wrote down, and whether a series keeps to it within the error it states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diagnostics.trends import Series

Instants = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """Epoch milliseconds, each sorted. A retried job enters and leaves the queue again."""

    added: Instants
    entered: Instants
    left: Instants
    completed: Instants
    failed: Instants
    """Jobs that failed for good."""

    def depth(self, at_ms: Instants) -> Instants:
        """Jobs ready and not started at each instant."""
        return np.searchsorted(self.entered, at_ms, side="right") - np.searchsorted(self.left, at_ms, side="right")

    def depth_keeps(self, series: Series) -> list[str]:
        """Every known value of `series` that no depth within its stated error explains."""
        wrong = []
        for at, value in zip(series.at_ms.tolist(), series.value.tolist(), strict=True):
            near = self._near(at, series.off_ms)
            low, high = near.min() - series.off_by, near.max() + series.off_by
            if np.isfinite(value) and not low <= value <= high:
                wrong.append(f"{value:g} at {at}, really {near.min()} to {near.max()}, stated ± {series.off_by:g}")
        return wrong

    def _near(self, at: int, off_ms: int) -> Instants:
        moved = np.concatenate((self.entered, self.left))
        inside = moved[(moved >= at - off_ms) & (moved <= at + off_ms)]
        return self.depth(np.concatenate(([at - off_ms, at + off_ms], inside)))


def rate_keeps(series: Series, happened: Instants) -> list[str]:
    """Every known bin of `series` (per minute) that no shift of its edges within the stated error explains."""
    wrong = []
    for at, value in zip(series.at_ms.tolist(), series.value.tolist(), strict=True):
        if not np.isfinite(value):
            continue
        counted, edges = value * series.step_ms / 60_000, (at, at + series.step_ms)
        least = _between(happened, edges[0] + series.off_ms, edges[1] - series.off_ms) - series.off_by
        most = _between(happened, edges[0] - series.off_ms, edges[1] + series.off_ms) + series.off_by
        # Edges are rounded to a millisecond, a mean step is not.
        if not least - 0.5 <= counted <= most + 0.5:
            wrong.append(f"{counted:g} in the bin at {at}, really {least:g} to {most:g}")
    return wrong


def null_outside(series: Series) -> bool:
    """Whether nothing is told from outside the span that the source vouches for."""
    last = np.where(series.step_ms, series.at_ms + series.step_ms, series.at_ms)
    outside = (series.at_ms < series.since_ms) | (last > series.until_ms + max(1, series.step_ms // 50))
    return bool(np.isnan(series.value[outside]).all())


def told_ms(series: Series) -> int:
    """How much time the source vouches for."""
    return series.until_ms - series.since_ms


def instants(values: Sequence[int]) -> Instants:
    """Sorted epoch milliseconds."""
    return np.sort(np.array(values, dtype=np.int64))


def _between(happened: Instants, since: int, until: int) -> float:
    return float(max(0, np.searchsorted(happened, until, side="right") - np.searchsorted(happened, since)))
