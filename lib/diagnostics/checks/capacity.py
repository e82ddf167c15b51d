"""Judgements about room: slots needed by the arrivals against slots there are."""

from __future__ import annotations

from diagnostics.checks.finding import TOO_LITTLE, blind, curl
from diagnostics.checks.queue import usual_length_s
from diagnostics.model import Finding
from diagnostics.readings import QueueCounts, QueueState, RailwayService, WorkerHealth, WorkerMetrics
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import text

USUAL_CONCURRENCY = 25
"""Jobs a replica takes at once as deployed. Source: the worker's default and the runbook's 2.A1."""
FULL = 0.9
"""Share of slots in use from which the worker counts as full."""
_PROBES = ("queue.state", "worker.metrics", "queue.jobs")


def check_worker_capacity(seen: Seen, scope: Scope) -> Finding:
    """Judge whether the slots suffice: needed = arrivals per second x seconds per job (Little's law).

    Returns: value = slots needed, threshold = slots there are; both counts.
    Source: runbook 1.B2; the platform's capacity model.
    """
    state = seen.reading(QueueState)
    command = curl(scope.facts, "/metrics", jq="'.worker.concurrency, .jobs.processing'")
    name = scope.facts.queue_names[0]
    after, before = (state.now(name), state.before(name)) if state else (None, None)
    if state is None or after is None or before is None:
        return blind("worker.capacity", seen, "queue.state", command=command)
    slots, concurrency = _slots(seen, scope)
    usual_s, rate = usual_length_s(seen), _arrivals_per_s(before, after, state.gap_s)
    if not slots or usual_s is None or rate is None:
        return Finding(
            id="worker.capacity",
            severity=Severity.OK,
            state=TOO_LITTLE,
            sentence=text("slots, arrivals or job length are not known: capacity is not judged"),
            evidence=seen.ids(*_PROBES),
            command=command,
        )
    needed = rate * usual_s
    verdict = _state(after, before, slots=slots, needed=needed, concurrency=concurrency)
    return Finding(
        id="worker.capacity",
        severity=Severity.OK if verdict in ("enough", "recovering") else Severity.WARNING,
        state=verdict,
        sentence=text(
            "{rate:.1f} jobs/s of {usual:.2g} s each need {needed:.1f} slots; there are {slots} ({active} in use)",
            rate=rate,
            usual=usual_s,
            needed=needed,
            slots=slots,
            active=after.active if after.active is not None else "?",
        ),
        value=round(needed, 1),
        unit="slots",
        threshold=float(slots),
        evidence=seen.ids(*_PROBES),
        command=command,
    )


def _state(after: QueueCounts, before: QueueCounts, *, slots: int, needed: float, concurrency: int) -> str:
    is_full = (after.active or 0) >= FULL * slots
    has_backlog = (after.depth or 0) > slots
    if not (is_full and has_backlog):
        return "enough"
    if (after.depth or 0) < (before.depth or 0) and needed < slots:
        return "recovering"
    return "concurrency_low" if concurrency < USUAL_CONCURRENCY else "full"


def _slots(seen: Seen, scope: Scope) -> tuple[int, int]:
    """Slots of all replicas, and the slots of one."""
    metrics, health = seen.reading(WorkerMetrics), seen.reading(WorkerHealth)
    told = [s.concurrency for s in metrics.samples] if metrics else []
    told += [health.concurrency] if health and health.concurrency else []
    if not told:
        return 0, 0
    service = seen.reading(RailwayService)
    met = len({round(s.started_at.timestamp()) for s in metrics.samples}) if metrics else 0
    replicas = (service.replicas_running if service else 0) or max(met, scope.facts.expected_replicas or 1)
    return replicas * min(told), min(told)


def _arrivals_per_s(before: QueueCounts, after: QueueCounts, gap_s: float) -> float | None:
    """Jobs added per second, by the queue's own id counter; `None` when it went backwards or is not numeric."""
    if before.last_id is None or after.last_id is None or gap_s <= 0 or after.last_id < before.last_id:
        return None
    return (after.last_id - before.last_id) / gap_s


CHECKS = (check_worker_capacity,)
