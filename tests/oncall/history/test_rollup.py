"""Rollups: nothing is lost or invented, whatever the order and repetition of what comes in."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncall.history.rollup import Bucket, Point, merged, rolled

MINUTES_5 = 300_000
HOUR = 3_600_000
values = st.none() | st.floats(-1e9, 1e9)
# Instants as a store has them: each belongs to one round.
points = st.dictionaries(st.integers(0, 3 * HOUR), values, min_size=1, max_size=60).map(
    lambda found: [Point(at_ms=at, round=number, value=v) for number, (at, v) in enumerate(sorted(found.items()))]
)


@given(points)
def test_buckets_conserve_what_they_sum_up(found: list[Point]) -> None:
    """Count, gaps, least, greatest, sum and last of all buckets are those of the samples, at both widths."""
    known = [p for p in found if p.value is not None]
    fine = rolled(found, width_ms=MINUTES_5)
    for buckets in (fine, merged(fine, width_ms=HOUR)):
        filled = [b for b in buckets if b.count]
        assert sum(b.count for b in buckets) == len(known)
        assert sum(b.gaps for b in buckets) == len(found) - len(known)
        if known:
            assert min(b.low for b in filled) == min(p.value for p in known)
            assert max(b.high for b in filled) == max(p.value for p in known)
            total, exact = math.fsum(b.total for b in filled), math.fsum(p.value for p in known)
            assert total == pytest.approx(exact, abs=1e-3)
            assert (filled[-1].last_ms, filled[-1].last) == (known[-1].at_ms, known[-1].value)


@given(points, st.randoms(), st.integers(1, 3))
def test_order_and_repetition_change_nothing(found: list[Point], dice: Any, times: int) -> None:
    """The same samples in any order and any number of times give the same buckets, to the last digit."""
    shuffled = found * times
    dice.shuffle(shuffled)
    fine, again = rolled(found, width_ms=MINUTES_5), rolled(shuffled, width_ms=MINUTES_5)
    assert fine == again
    mixed = again * times
    dice.shuffle(mixed)
    assert merged(fine, width_ms=HOUR) == merged(mixed, width_ms=HOUR)


@given(points)
def test_a_bucket_holds_its_own_width_alone(found: list[Point]) -> None:
    """Starts are whole widths and differ."""
    starts = [b.start_ms for b in rolled(found, width_ms=MINUTES_5)]
    assert starts == sorted(set(starts))
    assert all(start % MINUTES_5 == 0 for start in starts)


def test_failed_samples_are_a_gap_and_never_zero() -> None:
    """A bucket in which every read failed has no numbers at all."""
    (bucket,) = rolled([Point(at_ms=1, round=1, value=None), Point(at_ms=2, round=2, value=None)], width_ms=HOUR)
    assert bucket == Bucket(start_ms=0, count=0, gaps=2)
    assert merged([bucket], width_ms=HOUR) == [bucket]
