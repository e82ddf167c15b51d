"""Judgements about the worker's token: refused for good, or only not checked in time."""

from __future__ import annotations

from diagnostics.checks.finding import blind, curl
from diagnostics.model import Finding
from diagnostics.readings import (
    RailwayService,
    RedisConnection,
    Symptom,
    WorkerHealth,
    WorkerLog,
    WorkerMetrics,
)
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

YOUNG_S = 120.0
"""Upstash words a timeout like a wrong token; one that heals does so within this time. Source: the platform's 1.05."""
_PROBES = ("worker.health", "worker.metrics", "worker.log", "railway.service")


def check_worker_token(seen: Seen, scope: Scope) -> Finding:
    """Judge whether the server refuses the worker's token or only failed to check it (value: seconds since when).

    Source: the platform's rows 1.04 and 1.05; the difference decides whether a token is rotated.
    """
    health, metrics = seen.reading(WorkerHealth), seen.reading(WorkerMetrics)
    command = curl(scope.facts, "/health", jq=".redis")
    if health is None and metrics is None:
        return blind("worker.token", seen, "worker.health", "worker.metrics", command=command)
    told = {health.redis_symptom} if health else set()
    told |= {s.redis_symptom for s in metrics.samples} if metrics else set()
    age_s = _age_s(seen.reading(WorkerLog))
    state = _state(told, age_s, seen, scope)
    return Finding(
        id="worker.token",
        severity=Severity.OK if state == "no_trouble" else Severity.WARNING,
        state=state,
        sentence=_SAID[state],
        value=age_s if state in ("young", "lasting") else None,
        unit="s" if state in ("young", "lasting") else "",
        threshold=YOUNG_S if state in ("young", "lasting") else None,
        evidence=seen.ids(*_PROBES),
        command=command,
    )


_SAID: dict[str, Text] = {
    "no_trouble": text("nobody complains about the worker's token"),
    "refused": text("Redis says that the worker's token is wrong"),
    "valid": text("the worker's token is the one we use ourselves, and ours is accepted: it is right"),
    "young": text("the token was not checked in time, or is wrong: it began less than two minutes ago"),
    "lasting": text("the token was not checked in time, or is wrong; no timeout of Upstash lasts so long"),
    "unsure": text("the token was not checked in time, or is wrong; since when is not known"),
}


def _state(told: set[Symptom | None], age_s: float | None, seen: Seen, scope: Scope) -> str:
    if Symptom.CREDENTIALS_REJECTED in told:
        return "refused"
    if Symptom.AUTH_TIMED_OUT not in told:
        return "no_trouble"
    if _is_ours(seen, scope):
        return "valid"
    if age_s is None:
        return "unsure"
    return "young" if age_s < YOUNG_S else "lasting"


def _is_ours(seen: Seen, scope: Scope) -> bool:
    """Whether Railway has the very token with which this machine is connected."""
    service = seen.reading(RailwayService)
    if service is None or seen.reading(RedisConnection) is None or not scope.facts.redis_token:
        return False
    return any(
        v.name == "UPSTASH_REDIS_REST_TOKEN" and v.fingerprint == scope.facts.redis_token
        for v in service.variables or ()
    )


def _age_s(log: WorkerLog | None) -> float | None:
    """Seconds since the first refusal after the last readiness of the connection, over all replicas."""
    if log is None:
        return None
    ready = max((e.at_ms for e in log.events if e.event == "redis.ready"), default=0)
    since = [e.at_ms for e in log.events if e.symptom is Symptom.AUTH_TIMED_OUT and e.at_ms > ready]
    return (log.until_ms - min(since)) / 1000 if since else None


CHECKS = (check_worker_token,)
