"""A rate of late: a mean over the last minute, and none where too little of it is known."""

from __future__ import annotations

import numpy as np
import pytest

from diagnostics.text import text
from diagnostics.trends.series import Series, lately

UNKNOWN = float("nan")


def rate(*values: float, step_s: float) -> Series:
    """Values of one bin each, the newest last."""
    at = np.arange(len(values), dtype=np.int64) * round(1000 * step_s)
    told = text("a test")
    return Series(
        name="rate",
        unit="jobs/min",
        source=told,
        at_ms=at,
        value=np.array(values, dtype=np.float64),
        since_ms=0,
        until_ms=round(1000 * step_s * len(values)),
        step_ms=round(1000 * step_s),
    )


@pytest.mark.parametrize(
    ("series", "value", "span_s"),
    [
        (rate(1, 2, 3, step_s=300), 3.0, 300.0),
        (rate(3, step_s=600), 3.0, 600.0),
        (rate(3, step_s=601), None, 601.0),
        (rate(9, 1, 2, 3, 4, step_s=15), 2.5, 60.0),
        (rate(9, 1, 2, 3, 4, step_s=20), 3.0, 60.0),
        (rate(1, UNKNOWN, 3, UNKNOWN, step_s=60), 3.0, 60.0),
        (rate(1, 3, UNKNOWN, 5, step_s=20), 5.0, 20.0),
        (rate(7, *(UNKNOWN,) * 6, step_s=20), 7.0, 20.0),
        (rate(7, *(UNKNOWN,) * 9, step_s=20), None, 20.0),
        (rate(2, 4, step_s=5), 3.0, 10.0),
        (rate(4, step_s=5), None, 5.0),
        (rate(2, 4, step_s=0.5), None, 1.0),
        (rate(UNKNOWN, step_s=60), None, 0.0),
        (rate(step_s=60), None, 0.0),
    ],
)
def test_a_rate_of_late_covers_a_minute(series: Series, value: float | None, span_s: float) -> None:
    """As many of the newest known bins as make one, or all there are; ten seconds at least."""
    assert lately(series) == (value, span_s)
