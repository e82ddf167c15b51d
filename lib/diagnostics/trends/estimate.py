"""A number with what it may be off by: 95 % intervals, all analytic, so that a replay computes the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, hypot, inf, sqrt

import numpy as np

from diagnostics.text import Text

Z = 1.96
"""Half-width of a 95 % interval in standard errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value that is not negative, and the 95 % interval around it. `how` says what it was measured on."""

    value: float
    low: float
    high: float
    how: Text

    def times(self, factor: float) -> Estimate:
        """The same, `factor` times as large."""
        return Estimate(value=self.value * factor, low=self.low * factor, high=self.high * factor, how=self.how)


def poisson(count: int, span_s: float, how: Text) -> Estimate:
    """Events per second from `count` of them in `span_s` seconds.

    Source: Byar's approximation of the exact Poisson limits; events that keep apart vary less, never more.
    """
    low = count * (1 - 1 / (9 * count) - Z / (3 * sqrt(count))) ** 3 if count else 0.0
    more = count + 1
    high = more * (1 - 1 / (9 * more) + Z / (3 * sqrt(more))) ** 3
    return Estimate(value=count / span_s, low=max(0.0, low) / span_s, high=high / span_s, how=how)


def mean(values: Sequence[float], how: Text) -> Estimate | None:
    """Mean of `values`, none negative, with the interval of the central limit theorem; `None` without two of them.

    Source: the delta method on the logarithm, whose limits are above zero however few and far apart the values are.
    """
    if len(values) < 2:
        return None
    middle = float(np.mean(values))
    error = Z * float(np.std(values, ddof=1)) / sqrt(len(values))
    factor = exp(error / middle) if middle else 1.0
    return Estimate(value=middle, low=middle / factor, high=middle * factor, how=how)


def product(one: Estimate, other: Estimate, how: Text) -> Estimate:
    """One times the other; independent relative errors add in quadrature."""
    value = one.value * other.value
    below = hypot(_share(one.value - one.low, one.value), _share(other.value - other.low, other.value))
    above = hypot(_share(one.high - one.value, one.value), _share(other.high - other.value, other.value))
    return Estimate(value=value, low=value * max(0.0, 1 - below), high=value * (1 + above), how=how)


def combined(one: Estimate, other: Estimate, how: Text) -> Estimate:
    """Two measurements of one value, each weighing as much as it is sure (inverse variance)."""
    wide, narrow = sorted((one, other), key=lambda e: e.low - e.high)
    if narrow.high <= narrow.low:
        return Estimate(value=narrow.value, low=narrow.low, high=narrow.high, how=how)
    share = 1 / (1 + ((narrow.high - narrow.low) / (wide.high - wide.low)) ** 2)
    value = share * narrow.value + (1 - share) * wide.value
    error = sqrt(share) * (narrow.high - narrow.low) / 2
    return Estimate(value=value, low=max(0.0, value - error), high=value + error, how=how)


def waiting_s(amount: float, fast: Estimate, slow: Estimate, how: Text) -> Estimate:
    """Seconds until `amount` is gone at the rate `fast` minus `slow`; infinite where that is not above zero.

    The interval of the difference keeps both intervals' own lopsidedness (MOVER: the method of variance
    estimates recovery).
    """
    net = fast.value - slow.value
    least = net - hypot(fast.value - fast.low, slow.high - slow.value)
    most = net + hypot(fast.high - fast.value, slow.value - slow.low)
    return Estimate(value=_over(amount, net), low=_over(amount, most), high=_over(amount, least), how=how)


def _over(amount: float, rate: float) -> float:
    if amount <= 0:
        return 0.0
    return amount / rate if rate > 0 else inf


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0
