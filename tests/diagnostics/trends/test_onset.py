"""When it began."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.text import text
from diagnostics.trends import Series, onset, to_frame

NAN = float("nan")


def series(*values: float, step_ms: int = 0) -> Series:
    at = np.arange(len(values), dtype=np.int64) * 1000
    return Series(
        name="depth",
        unit="jobs",
        source=text("test"),
        at_ms=at,
        value=np.array(values, dtype=np.float64),
        since_ms=0,
        until_ms=len(values) * 1000,
        step_ms=step_ms,
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((1, 1, 9, 9), (2000, (1000, 2000))),
        ((1, 5, 6, 9), (2000, (1000, 2000))),
        ((1, NAN, NAN, 9), (3000, (0, 3000))),
        ((1, 9, 1, 1, 9, 9), (4000, (3000, 4000))),
        ((1, 9, 1, 9, 9), (1000, (0, 1000))),
        ((1, 9, 9, 1, 1), (1000, (0, 1000))),
        ((1, 2, 3), None),
        ((1, 5, 5), None),
        ((9, 9, 9), None),
        ((NAN, NAN), None),
        ((NAN, 9, 9), None),
        ((), None),
    ],
)
def test_the_onset_is_the_first_known_value_above_and_the_interval_reaches_back_to_the_last_one_below(values, expected):
    assert onset(series(*values), 5) == expected


def test_a_binned_onset_lies_within_its_bin():
    assert onset(series(1, 1, 9, 9, step_ms=1000), 5) == (2000, (2000, 3000))


@given(st.lists(st.one_of(st.just(NAN), st.floats(0, 10)), max_size=40))
def test_the_interval_holds_the_onset_and_nothing_within_it_is_known_to_be_below(values):
    found = onset(series(*values), 5)
    if found is None:
        return
    at, (low, high) = found
    assert low <= at <= high
    assert values[at // 1000] > 5
    assert not values[low // 1000] > 5


def test_a_stretch_older_than_the_span_has_no_onset():
    assert onset(series(9, 9), 5) is None
    assert onset(series(NAN, 9, 9), 5) is None


def test_the_frame_has_utc_times_and_keeps_the_gaps():
    frame = to_frame(series(1, NAN, 3))
    assert str(frame.index.tz) == "UTC"
    assert frame.index.name == "at"
    assert frame["depth"].isna().tolist() == [False, True, False]
    assert frame["depth"].dtype == np.float64
