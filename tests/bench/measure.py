"""What was measured beside what was asked."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number. `asked` is the most it may be; `None` where nothing was asked."""

    what: str
    got: float
    asked: float | None = None
    note: str = ""

    @property
    def is_missed(self) -> bool:
        return self.asked is not None and not self.got <= self.asked

    def line(self) -> str:
        mark = "" if self.asked is None else "MISSED" if self.is_missed else "met"
        asked = "" if self.asked is None else f"<= {self.asked:g}"
        return f"{self.what:58} {self.got:9.3f} {asked:>9} {mark:6}  {self.note}".rstrip()


def paired(what: str, ours: Sequence[float], theirs: Sequence[float], *, asked: float, unit: str = "ms") -> Measure:
    """The median ratio of interleaved rounds: a slow moment of the machine hits both sides of a round."""
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    note = (
        f"{statistics.median(ours):.4g} / {statistics.median(theirs):.4g} {unit}, "
        f"{len(ratios)} rounds from {min(ratios):.2f} to {max(ratios):.2f}"
    )
    return Measure(what=what, got=statistics.median(ratios), asked=asked, note=note)


def p99(values: Sequence[float]) -> float:
    """The value that one in a hundred exceeds."""
    return statistics.quantiles(values, n=100)[98]
