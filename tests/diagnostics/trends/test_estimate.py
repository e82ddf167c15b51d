"""Estimates: intervals that hold what they should, and differences that keep their doubt."""

from __future__ import annotations

from math import inf, isfinite

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.text import text
from diagnostics.trends.estimate import Estimate, combined, mean, poisson, product, waiting_s

HOW = text("a test")
RATES = st.floats(0, 1e4, allow_nan=False)


@st.composite
def estimates(draw: st.DrawFn) -> Estimate:
    """Any ordered three."""
    low, value, high = sorted(draw(st.tuples(RATES, RATES, RATES)))
    return Estimate(value=value, low=low, high=high, how=HOW)


def exactly(value: float) -> Estimate:
    return Estimate(value=value, low=value, high=value, how=HOW)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0.0, 3.689), (1, 0.025, 5.572), (10, 4.795, 18.39), (100, 81.36, 121.63)],
)
def test_poisson_limits_are_close_to_the_exact_ones(count: int, low: float, high: float) -> None:
    """Against the exact limits from tables (Garwood), within two per cent, or 0.1 for the very small."""
    found = poisson(count, 1.0, HOW)
    assert found.value == count
    assert found.low == pytest.approx(low, rel=0.02, abs=0.1)
    assert found.high == pytest.approx(high, rel=0.02, abs=0.1)


def test_a_poisson_interval_covers_the_true_rate() -> None:
    """In at least 93 of 100 draws, whatever the rate."""
    chance = np.random.default_rng(1)
    for rate in (3.0, 20.0, 200.0):
        drawn = [poisson(int(n), 1.0, HOW) for n in chance.poisson(rate, 2000)]
        assert sum(e.low <= rate <= e.high for e in drawn) >= 0.93 * len(drawn)


def test_a_mean_needs_two_values() -> None:
    """One value tells nothing of its spread."""
    assert mean([], HOW) is None
    assert mean([1.0], HOW) is None
    assert mean([2.0, 2.0], HOW) == exactly(2.0)
    assert mean([0.0, 0.0], HOW) == exactly(0.0)


@given(st.lists(st.floats(0.001, 1e4), min_size=2, max_size=30))
def test_a_mean_of_lengths_is_never_nought(values: list[float]) -> None:
    """However few and far apart they are, its lower limit is above zero: what follows from it is finite."""
    found = mean(values, HOW)
    assert found is not None
    assert 0 < found.low <= found.value <= found.high < inf


@pytest.mark.parametrize("count", [4, 10, 30])
def test_a_means_interval_covers_the_true_length_more_often_than_the_plain_one(count: int) -> None:
    """Of lengths as lopsided as a mix of jobs, whose mean lies above the plain interval too often."""
    chance = np.random.default_rng(2)
    drawn = [chance.exponential(5.0, count) for _ in range(2000)]
    found = [mean(values.tolist(), HOW) for values in drawn]
    errors = [1.96 * float(np.std(values, ddof=1)) / count**0.5 for values in drawn]
    plain = sum(abs(float(values.mean()) - 5.0) <= error for values, error in zip(drawn, errors, strict=True))
    assert sum(e.low <= 5.0 <= e.high for e in found if e) > plain


@pytest.mark.parametrize(
    ("amount", "fast", "slow", "wanted"),
    [
        (100, 5, 3, 50.0),
        (0, 5, 3, 0.0),
        (0, 0, 3, 0.0),
        (100, 3, 3, inf),
        (100, 3, 3.0001, inf),
        (100, 0, 0, inf),
        (1, 1e-9, 0, 1e9),
    ],
)
def test_time_until_gone(amount: float, fast: float, slow: float, wanted: float) -> None:
    """Amount over difference; infinite from equality on; nothing is gone at once."""
    found = waiting_s(amount, exactly(fast), exactly(slow), HOW)
    assert (found.value, found.low, found.high) == pytest.approx((wanted, wanted, wanted))


@given(st.integers(0, 10**7), estimates(), estimates())
def test_a_time_is_never_negative_and_lies_in_its_interval(amount: int, fast: Estimate, slow: Estimate) -> None:
    """Whatever the rates and their doubt."""
    found = waiting_s(amount, fast, slow, HOW)
    assert 0 <= found.low <= found.value * (1 + 1e-9)
    assert found.value <= found.high * (1 + 1e-9) or not isfinite(found.high)


@given(st.integers(0, 10**6), st.integers(0, 10**6), estimates(), estimates())
def test_more_takes_longer(some: int, more: int, fast: Estimate, slow: Estimate) -> None:
    """Monotone in the amount, at the value and at both ends."""
    short, long = (waiting_s(n, fast, slow, HOW) for n in (min(some, some + more), some + more))
    assert short.value <= long.value
    assert short.low <= long.low
    assert short.high <= long.high


@given(st.integers(1, 10**6), estimates(), estimates(), st.floats(0, 1e3))
def test_more_arrivals_take_longer(amount: int, fast: Estimate, slow: Estimate, extra: float) -> None:
    """Monotone in what comes in."""
    busier = Estimate(value=slow.value + extra, low=slow.low + extra, high=slow.high + extra, how=HOW)
    assert waiting_s(amount, fast, slow, HOW).value <= waiting_s(amount, fast, busier, HOW).value


@given(estimates(), estimates())
def test_a_product_lies_in_its_interval(one: Estimate, other: Estimate) -> None:
    """Also where a factor is zero."""
    found = product(one, other, HOW)
    assert 0 <= found.low <= found.value * (1 + 1e-9)
    assert found.value <= found.high * (1 + 1e-9)


@pytest.mark.parametrize(("width", "wanted"), [(1.0, 15.0), (0.0, 20.0), (1e-9, 20.0), (1e9, 10.0), (2.0, 12.0)])
def test_the_surer_of_two_weighs_more(width: float, wanted: float) -> None:
    """10 with a doubt of 1 and 20 with another: their mean by inverse variance, with less doubt than either."""
    one = Estimate(value=10.0, low=9.5, high=10.5, how=HOW)
    other = Estimate(value=20.0, low=20.0 - width / 2, high=20.0 + width / 2, how=HOW)
    found = combined(one, other, HOW)
    assert found.value == pytest.approx(wanted)
    assert found == combined(other, one, HOW)
    assert found.high - found.low <= min(1.0, width) * (1 + 1e-9)
