"""Over how long a rate is averaged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.trends.steady import steady

END = 1_000_000


def at(*stretches: tuple[int, int, float]) -> np.ndarray:
    """Events evenly spread: (from, to, per second) in milliseconds before the end."""
    return np.concatenate([np.arange(END - a, END - b, 1000 / rate) for a, b, rate in stretches]).astype(np.int64)


def test_one_rate_is_averaged_over_all_of_it() -> None:
    """As far back as the source reaches."""
    found = steady(at((60_000, 0, 10)), since_ms=END - 60_000, until_ms=END)
    assert found.span_s == 60
    assert found.count == pytest.approx(600, abs=1)


@pytest.mark.parametrize("burst_s", [5, 10, 30])
def test_a_burst_before_does_not_count(burst_s: int) -> None:
    """Two thousand jobs in one second, then ten a second: ten a second is what arrives."""
    ms = 1000 * burst_s
    found = steady(at((ms, ms - 1000, 2000), (ms - 1000, 0, 10)), since_ms=END - 60_000, until_ms=END)
    assert found.count / found.span_s == pytest.approx(10, rel=0.1)


def test_an_end_is_noticed() -> None:
    """What stopped ten seconds ago has a rate of zero."""
    found = steady(at((60_000, 10_000, 50)), since_ms=END - 60_000, until_ms=END)
    assert (found.count, found.span_s >= 5) == (0, True)


def test_rare_events_are_counted_over_a_long_time() -> None:
    """Three a minute: chance alone does not shorten the stretch."""
    found = steady(at((600_000, 0, 0.05)), since_ms=END - 600_000, until_ms=END)
    assert found.span_s == 600


@given(st.lists(st.integers(END - 60_000, END), max_size=200), st.integers(0, 60_000))
def test_it_stays_within_what_the_source_vouches_for(events: list[int], span: int) -> None:
    """Never more events than there are, never longer than the span, in any order."""
    found = steady(np.array(events, dtype=np.int64), since_ms=END - span, until_ms=END)
    assert 0 < found.span_s <= max(0.001, span / 1000)
    assert found.count <= sum(END - span < e <= END for e in events) or span == 0
    assert found == steady(np.array(sorted(events), dtype=np.int64), since_ms=END - span, until_ms=END)
