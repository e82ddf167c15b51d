"""Which answers of `/metrics` are one replica's: it tells uptime and totals behind one address, but no name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from diagnostics.readings import ReplicaSample

_LEAST_OFF_S = 0.03
"""The clocks of a machine are read one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """What is known of one replica: its start (epoch s) as it was last told, how far that may be off, its totals."""

    started_s: float
    off_s: float
    totals: Mapping[str, float]

    def may_become(self, later: _Line) -> bool:
        """Whether `later` can be the same replica: started at the same moment, and no total fell."""
        apart_s = abs(self.started_s - later.started_s)
        is_grown = all(later.totals.get(name, 0) >= total for name, total in self.totals.items())
        return apart_s <= max(_LEAST_OFF_S, self.off_s + later.off_s) and is_grown

    def distance(self, later: _Line) -> tuple[float, float]:
        """How much it would have done since, then how far the starts are apart: of several the least is the likeliest.

        Where that is wrong two replicas change places, which no sum over them notices.
        """
        return later.totals["attempts"] - self.totals["attempts"], abs(self.started_s - later.started_s)


class Replicas:
    """Recognises replicas from answer to answer."""

    def __init__(self, known: Mapping[int, float] | None = None) -> None:
        """`known`: attempts by name, from samples before."""
        self._lines = {
            name: _Line(started_s=name / 1000, off_s=_LEAST_OFF_S, totals={"attempts": attempts})
            for name, attempts in (known or {}).items()
        }

    def name(self, sample: ReplicaSample) -> int:
        """The start (epoch ms) under which this replica was first met."""
        told = _line(sample)
        fits = [name for name, line in self._lines.items() if line.may_become(told)]
        found = min(fits, key=lambda name: self._lines[name].distance(told), default=round(1000 * told.started_s))
        while not fits and found in self._lines:
            # Two that started in the same millisecond are two.
            found += 1
        self._lines[found] = told
        return found


def newest(samples: Iterable[ReplicaSample]) -> tuple[ReplicaSample, ...]:
    """The newest sample of each replica that is met, in the order of meeting."""
    replicas = Replicas()
    return tuple({replicas.name(sample): sample for sample in sorted(samples, key=lambda s: s.at)}.values())


def _line(sample: ReplicaSample) -> _Line:
    kinds = {f"{kind.name} {what}": getattr(kind, what) for kind in sample.by_type for what in ("completed", "failed")}
    totals = {"attempts": sample.attempts, "completed": sample.completed, "failed": sample.failed, **kinds}
    return _Line(started_s=sample.started_at.timestamp(), off_s=sample.start_off_s, totals=totals)
