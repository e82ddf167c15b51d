"""What a cause looks like: signs for it, signs against it, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from diagnostics.model import Finding
from diagnostics.text import Text


@dataclass(frozen=True, slots=True)
class Sign:
    """One finding in one of these states, and how much it says (0-1) when it is seen."""

    finding: str
    states: tuple[str, ...]
    weight: float

    def holds(self, findings: Mapping[str, Finding]) -> bool:
        """Whether the finding was made and is in one of the states."""
        found = findings.get(self.finding)
        return found is not None and found.state in self.states


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One cause, declared.

    `needs`: at least one of these must hold. `supports` only strengthen. `against` weaken.
    `only_with`: where there are any, one of them must hold too, else the cause is not considered.
    `explains`: findings that follow from the cause when they are abnormal.
    `masks`: causes that are mere consequences of this one.
    """

    id: str
    title: Text
    runbook: str | None
    branch: str
    needs: tuple[Sign, ...]
    only_with: tuple[Sign, ...] = ()
    supports: tuple[Sign, ...] = ()
    against: tuple[Sign, ...] = ()
    explains: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()
    remediations: tuple[str, ...] = ()
    steps: tuple[Text, ...] = ()

    def applies(self, findings: Mapping[str, Finding]) -> bool:
        """Whether the findings let this cause be considered at all."""
        is_backed = not self.only_with or any(sign.holds(findings) for sign in self.only_with)
        return is_backed and any(sign.holds(findings) for sign in self.needs)

    @property
    def component(self) -> str:
        """The part of the id before the dot."""
        return self.id.split(".")[0]


ROOM = ("worker.capacity", "capacity.slots", "queue.drain", "queue.threshold_eta")
"""What follows for the room there is."""
QUEUE_SYMPTOMS = (
    "queue.depth",
    "queue.progress",
    "queue.stalled",
    "queue.churn",
    "queue.delayed",
    "queue.baseline",
    *ROOM,
)
"""What any worker that cannot work does to the queue."""
WORKER_GONE = ("worker.health", "worker.deployment", "worker.restarts", "worker.errors", *QUEUE_SYMPTOMS)
"""What follows from a worker that is not there."""
INCIDENT = "worker-not-processing"
OVERFLOW = "queue-overflow"
DATABASE = "database-unavailable"
FRONTEND = "frontend-unavailable"
ERRORS = "high-error-rate"
ERROR_SYMPTOMS = ("errors.rate", "errors.issues", "errors.spike", "errors.latency", "errors.silence", "errors.release")
"""What Sentry shows, or fails to show, of something broken."""
SITE_SYMPTOMS = (
    "frontend.site",
    "frontend.health",
    "frontend.availability",
    "frontend.latency",
    "frontend.errors",
    *ERROR_SYMPTOMS,
)
"""What visitors meet when something behind the site fails, and what Sentry shows of it."""
