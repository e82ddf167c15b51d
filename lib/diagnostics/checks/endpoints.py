"""Judgements from the worker's two endpoints together: silence of one means Redis, of both the event loop."""

from __future__ import annotations

from diagnostics.checks.finding import blind, curl
from diagnostics.model import Finding
from diagnostics.readings import Answer, WorkerHealth, WorkerMetrics
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text


def check_worker_endpoints(seen: Seen, scope: Scope) -> Finding:
    """Judge whether `/metrics`, which needs no Redis, answers. Source: runbook 1.D1; the platform's contract 2.2."""
    health, metrics = seen.reading(WorkerHealth), seen.reading(WorkerMetrics)
    command = curl(scope.facts, "/metrics")
    if metrics is None:
        return blind("worker.endpoints", seen, "worker.metrics", command=command)
    state = _state(health, metrics)
    return Finding(
        id="worker.endpoints",
        severity=_SEVERITY.get(state, Severity.OK),
        state=state,
        sentence=_SAID[state],
        evidence=seen.ids("worker.health", "worker.metrics"),
        command=command,
    )


_SEVERITY = {
    "both_silent": Severity.CRITICAL,
    "silent": Severity.CRITICAL,
    "partly_silent": Severity.WARNING,
}
_SAID: dict[str, Text] = {
    "answers": text("/metrics answers"),
    "both_silent": text("neither /health nor /metrics gives an answer: the event loop is busy, or the process frozen"),
    "silent": text("/metrics gives no answer, though it needs nothing but the process itself"),
    "partly_silent": text("/metrics answers at one time and gives no answer at another: one replica is busy or frozen"),
    "gone": text("/metrics is answered by the host's edge, not by the worker"),
}


def _state(health: WorkerHealth | None, metrics: WorkerMetrics) -> str:
    if metrics.answer is Answer.SILENT and metrics.samples:
        return "partly_silent"
    if metrics.answer is Answer.SILENT:
        return "both_silent" if health and health.answer is Answer.SILENT else "silent"
    return "answers" if metrics.samples else "gone"


CHECKS = (check_worker_endpoints,)
