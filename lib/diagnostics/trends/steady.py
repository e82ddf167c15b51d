"""Over how long a rate may be averaged: as far back as it has been the same."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from diagnostics.trends.series import Instants

SHORTEST_S = 2.0
"""A stretch begins with so much."""
_SURE = 3.0
"""Standard errors by which two neighbouring counts may differ and still be one rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """So many events within so many seconds."""

    count: int
    span_s: float


def steady(at_ms: Instants, *, since_ms: int, until_ms: int) -> Stretch:
    """The latest stretch with one rate: doubled for as long as its older half agrees with the newer one.

    A burst a minute ago, or a worker that only then began to take jobs, says nothing about now.
    """
    longest = max(1, until_ms - since_ms)
    span = min(round(SHORTEST_S * 1000), longest)
    while span < longest:
        wider = min(2 * span, longest)
        new = _count(at_ms, until_ms - span, until_ms)
        old = _count(at_ms, until_ms - wider, until_ms - span)
        expected = new * (wider - span) / span
        # The expectation is itself a count, scaled: its error grows with the scale.
        error = sqrt(max(1.0, old + expected * (wider - span) / span))
        if abs(old - expected) > _SURE * error:
            break
        span = wider
    return Stretch(count=_count(at_ms, until_ms - span, until_ms), span_s=span / 1000)


def _count(at_ms: Instants, since: int, until: int) -> int:
    return int(np.count_nonzero((at_ms > since) & (at_ms <= until)))
