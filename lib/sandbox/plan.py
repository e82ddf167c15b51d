"""What kind of sandbox is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.producer.jobs import MIX
from sandbox.worker.weights import mean_weight

USUAL_ARRIVAL_PER_S = 2.0
CAPACITY_SHARE = 0.6
"""Arrivals stay below this share of what the workers can do."""
USUAL_CONCURRENCY = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The options of `sandbox up`."""

    name: str
    state_dir: Path
    replicas: int = 2
    job_seconds: float = 0.2
    """Usual length of a job (s)."""
    arrival_per_s: float | None = None
    """Jobs added per second; `None`: comfortable for the workers."""
    history_s: float = 0.0
    """How much past there is (s)."""
    release: str = "head"
    visits_per_s: float = 3.0
    """Requests per second that people make to the site."""
    function_s: float = 15.0
    """Longest that a function of the frontend may take (s): longer than a probe waits."""

    @property
    def folder(self) -> Path:
        """Where the files of this sandbox are kept for its user."""
        return self.state_dir / self.name

    @property
    def capacity_per_s(self) -> float:
        """Jobs per second of an ordinary day that all slots together can do."""
        return self.replicas * USUAL_CONCURRENCY / (self.job_seconds * mean_weight(MIX))

    @property
    def pace_per_s(self) -> float:
        """Jobs added per second."""
        if self.arrival_per_s is not None:
            return self.arrival_per_s
        return min(USUAL_ARRIVAL_PER_S, CAPACITY_SHARE * self.capacity_per_s)
