"""Judgements about the worker's presence: does it answer, is it connected, is it deployed as wanted."""

from __future__ import annotations

from datetime import datetime
from math import isnan

from diagnostics.checks.finding import LATEST_DEPLOYMENT, blind, curl, railway, unread
from diagnostics.checks.words import WORDS
from diagnostics.model import Finding
from diagnostics.readings import (
    Answer,
    QueueState,
    RailwayService,
    Symptom,
    WorkerHealth,
    WorkerLog,
    WorkerMetrics,
)
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

REDIS_SYMPTOMS = (
    Symptom.NAME_UNRESOLVED,
    Symptom.NAME_TEMPORARY,
    Symptom.CREDENTIALS_REJECTED,
    Symptom.AUTH_TIMED_OUT,
    Symptom.QUOTA_EXHAUSTED,
    Symptom.REFUSED,
    Symptom.TIMED_OUT,
    Symptom.RESET,
)
SKEW_LIMIT_S = 30.0


def check_worker_health(seen: Seen, scope: Scope) -> Finding:
    """Judge `/health`. Source: runbook 1.D1, 1.S2 and T4.

    An error of the host's edge is a downtime: CRITICAL once the last proof of life is older than
    the threshold, or when there is none; silence and 503 mean that no job can be taken: CRITICAL at once.
    """
    health = seen.reading(WorkerHealth)
    command = curl(scope.facts, "/health")
    if health is None:
        return blind("worker.health", seen, "worker.health", command=command)
    down_s = _down_s(seen) if health.answer is Answer.EDGE_ERROR else None
    severity = _health_severity(health.answer, down_s, scope)
    return Finding(
        id="worker.health",
        severity=severity,
        state=health.answer.value,
        sentence=_health_sentence(health, down_s),
        value=down_s,
        unit="s" if down_s is not None else "",
        threshold=scope.thresholds.worker_down_s.critical if down_s is not None else None,
        evidence=seen.ids("worker.health"),
        command=command,
    )


def _health_severity(answer: Answer, down_s: float | None, scope: Scope) -> Severity:
    if answer is Answer.OK:
        return Severity.OK
    is_short = down_s is not None and scope.thresholds.worker_down_s.judge(down_s) is Severity.OK
    return Severity.WARNING if answer is Answer.EDGE_ERROR and is_short else Severity.CRITICAL


def _health_sentence(health: WorkerHealth, down_s: float | None) -> Text:
    match health.answer:
        case Answer.OK:
            return text("/health answers 200 in {ms:.0f} ms, Redis is connected", ms=(health.latency_s or 0) * 1000)
        case Answer.DEGRADED:
            return text("/health answers 503: {error}", error=WORDS[health.redis_symptom or Symptom.OTHER])
        case Answer.SILENT:
            return text(
                "/health accepts the connection and gives no answer within {s:.0f} s: the way it behaves when "
                "Redis is out of its reach",
                s=health.latency_s or 0,
            )
        case Answer.EDGE_ERROR if down_s is not None:
            return text(
                "the host's edge answers {code}: no replica is listening; last proof of life {age:.0f} s ago",
                code=health.status_code or 502,
                age=down_s,
            )
        case Answer.EDGE_ERROR:
            return text(
                "the host's edge answers {code}: no replica is listening; for how long is not known",
                code=health.status_code or 502,
            )
        case Answer.NOT_FOUND:
            return text("the address answers 404: no service is published there")
        case _:
            return text("/health answers {code}: its handler failed", code=health.status_code or 500)


def _down_s(seen: Seen) -> float | None:
    """Seconds since the last proof of life: a finished job, or a line the worker wrote."""
    item = seen.of("worker.health")
    log, queues = seen.reading(WorkerLog), seen.reading(QueueState)
    proofs: list[datetime] = []
    if queues:
        for queue in queues.second:
            proofs += [t for t in (queue.newest_completed_at, queue.newest_failed_at) if t]
    if log:
        ready = [e.at_ms for e in log.events if e.event.startswith(("job.", "worker.ready"))]
        proofs += [datetime.fromtimestamp(ms / 1000, item.observed_at.tzinfo) for ms in ready[-1:]] if item else []
    if not proofs or item is None:
        return None
    return max(0.0, round((item.observed_at - max(proofs)).total_seconds(), 1))


def check_worker_redis(seen: Seen, scope: Scope) -> Finding:
    """Judge the worker's own connection to Redis, by `/health` (fresh PING) and `/metrics` (last error).

    Source: runbook 1.S3, M11. `/metrics` answers even while `/health` hangs.
    """
    health, metrics = seen.reading(WorkerHealth), seen.reading(WorkerMetrics)
    command = curl(scope.facts, "/metrics")
    probes = ("worker.health", "worker.metrics")
    if health is None and metrics is None:
        return blind("worker.redis", seen, *probes, command=command)
    samples = metrics.samples if metrics else ()
    has_lost = any(not s.redis_connected for s in samples)
    if health is not None and health.redis_connected and health.answer is Answer.OK:
        return _redis_partly(seen, probes, command) if has_lost else _redis_ok(seen, probes, command)
    symptom = _redis_symptom(health, metrics)
    if symptom is None and not has_lost and (health is None or health.redis_connected is not False):
        if not samples:
            return _no_worker(seen, probes, command)
        if health is None or health.answer is not Answer.SILENT:
            return _redis_ok(seen, ("worker.metrics",), command)
        symptom = Symptom.TIMED_OUT
    return Finding(
        id="worker.redis",
        severity=Severity.CRITICAL,
        state=(symptom or Symptom.OTHER).value,
        sentence=text("the worker cannot use Redis: {told}", told=WORDS[symptom or Symptom.OTHER]),
        evidence=seen.ids(*probes),
        command=command,
    )


def _redis_ok(seen: Seen, probes: tuple[str, ...], command: str) -> Finding:
    return Finding(
        id="worker.redis",
        severity=Severity.OK,
        state="connected",
        sentence=text("the worker is connected to Redis"),
        evidence=seen.ids(*probes),
        command=command,
    )


def _redis_partly(seen: Seen, probes: tuple[str, ...], command: str) -> Finding:
    """`/health` is answered by one replica; `/metrics` of another tells that it has no connection."""
    return Finding(
        id="worker.redis",
        severity=Severity.WARNING,
        state="partly_lost",
        sentence=text("one replica of the worker is connected to Redis, another is not"),
        evidence=seen.ids(*probes),
        command=command,
    )


def _no_worker(seen: Seen, probes: tuple[str, ...], command: str) -> Finding:
    """Nobody answered who could say. With the worker gone that is its own finding, not a blind spot."""
    return Finding(
        id="worker.redis",
        severity=Severity.OK,
        state="no_worker",
        sentence=text("no replica answers, so its connection to Redis cannot be judged"),
        evidence=seen.ids(*probes),
        command=command,
    )


def _redis_symptom(health: WorkerHealth | None, metrics: WorkerMetrics | None) -> Symptom | None:
    told = [health.redis_symptom] if health and health.redis_symptom else []
    samples = metrics.samples if metrics else ()
    # While a token is refused the flag flaps, so a "connected" sample may still carry the last error.
    told += [s.redis_symptom for s in samples if s.redis_symptom]
    known = next((symptom for symptom in REDIS_SYMPTOMS if symptom in told), told[0] if told else None)
    return known or (Symptom.OTHER if samples and not any(s.redis_connected for s in samples) else None)


def check_worker_deployment(seen: Seen, scope: Scope) -> Finding:
    """Judge the newest deployment. Source: Railway `DeploymentStatus` and instance states."""
    service = seen.reading(RailwayService)
    command = railway(scope.facts, LATEST_DEPLOYMENT)
    if service is None:
        return blind("worker.deployment", seen, "railway.service", command=command)
    status = service.latest.status if service.latest else "NONE"
    wanted = service.replicas_wanted or scope.facts.expected_replicas or 1
    running = service.replicas_running
    state, severity = _deployment_state(service, status, running, wanted)
    health = seen.reading(WorkerHealth)
    if severity is Severity.CRITICAL and health is not None and health.answer is Answer.OK:
        # A release that failed leaves the one before it in place, and that one answers.
        severity = Severity.WARNING
    return Finding(
        id="worker.deployment",
        severity=severity,
        state=state,
        sentence=text(
            "newest deployment {status}, {running} of {wanted} replicas running",
            status=status,
            running=running,
            wanted=wanted,
        ),
        value=float(running),
        unit="replicas",
        threshold=float(wanted),
        evidence=seen.ids("railway.service"),
        command=command,
    )


def _deployment_state(service: RailwayService, status: str, running: int, wanted: int) -> tuple[str, Severity]:
    if service.is_stopped or status in ("NONE", "REMOVED", "SLEEPING"):
        return "stopped", Severity.CRITICAL
    if status in ("CRASHED", "FAILED"):
        return status.lower(), Severity.CRITICAL
    if running == 0 and status == "SUCCESS":
        return "crashed", Severity.CRITICAL
    if status != "SUCCESS":
        return "deploying", Severity.WARNING if running < wanted else Severity.OK
    if running < wanted:
        return "short", Severity.WARNING
    return "running", Severity.OK


def check_worker_clock(seen: Seen, scope: Scope) -> Finding:
    """Judge the difference between the worker's clock and ours; ages are trusted below it.

    Source: our own limit, 30 s: half of the runbook's shortest threshold (T4).
    """
    health = seen.reading(WorkerHealth)
    command = curl(scope.facts, "/health")
    if health is None or health.clock_skew_s is None:
        if health is None:
            return blind("worker.clock", seen, "worker.health", command=command)
        return Finding(
            id="worker.clock",
            severity=Severity.OK,
            state="not_told",
            sentence=text("the worker did not tell its time"),
            evidence=seen.ids("worker.health"),
            command=command,
        )
    skew = abs(health.clock_skew_s)
    if isnan(skew):
        return unread("worker.clock", seen, "worker.health", command=command)
    is_far = skew > SKEW_LIMIT_S
    return Finding(
        id="worker.clock",
        severity=Severity.WARNING if is_far else Severity.OK,
        state="skewed" if is_far else "agrees",
        sentence=text("the worker's clock and this machine's differ by {s:.1f} s", s=skew),
        value=skew,
        unit="s",
        threshold=SKEW_LIMIT_S,
        evidence=seen.ids("worker.health"),
        command=command,
    )


CHECKS = (check_worker_health, check_worker_redis, check_worker_deployment, check_worker_clock)
