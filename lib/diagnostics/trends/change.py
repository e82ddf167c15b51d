"""From which single event on a share is higher: the change point, without bins that a short log or few events break."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_PASSES = 8
"""The two shares settle in two or three."""
_LEAST = 1e-4
"""No share counts as nought or one: one event against it must stay possible."""


def change_point(is_bad: NDArray[np.bool_], limit: float) -> tuple[int, int, int] | None:
    """The events, oldest first, cut in two: a share of bad ones up to `limit`, 0-1, and from there on a higher one.

    Returns: index of the first event of the higher share, by likelihood, and the first and last index it may be with
    95 %, any being equally likely beforehand; `None` where no stretch up to the newest event is beyond the limit.
    Source: the cumulative sum of Page (Biometrika 41, 1954) with both shares taken from the events themselves.
    """
    bad, good, first = 1 - limit, -limit, None
    gain = np.zeros(0)
    for _ in range(_PASSES):
        gain = np.cumsum(np.where(is_bad, bad, good)[::-1])[::-1]
        if not len(gain) or gain.max() <= 0:
            return None
        before, first = first, int(gain.argmax())
        if first == before:
            break
        higher = min(float(is_bad[first:].mean()), 1 - _LEAST)
        lower = min((is_bad[:first].sum() + 0.5) / (first + 1), max(limit, _LEAST), higher / 2)
        bad, good = math.log(higher / lower), math.log((1 - higher) / (1 - lower))
    likely = np.cumsum(np.exp(gain - gain.max()))
    early, late = np.searchsorted(likely / likely[-1], (0.025, 0.975))
    first = int(gain.argmax())
    return first, min(first, int(early)), max(first, int(late))
