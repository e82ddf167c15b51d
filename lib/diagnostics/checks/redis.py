"""Judgements about Redis itself: can the operator reach it, and has it room."""

from __future__ import annotations

from diagnostics.checks.finding import NOT_PERMITTED, blind, redis_cli, unread
from diagnostics.model import FailureKind, Finding
from diagnostics.readings import RedisConnection, RedisServer, WorkerHealth, WorkerMetrics
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import text

MEMORY_SHARE = 0.9
"""Used share of `maxmemory` from which writes are about to be refused. Source: runbook M13, our own limit."""
_OUTAGE = (FailureKind.UNREACHABLE, FailureKind.TIMEOUT, FailureKind.UNRESOLVED)


def check_redis_connection(seen: Seen, scope: Scope) -> Finding:
    """Judge the operator's way to Redis beside the worker's. Source: runbook 1.A2, M11.

    Out of reach for both is an outage. Out of reach for us alone says something about us: a blind spot.
    A spent quota is the server's own word and counts from either side.
    """
    command = redis_cli(scope.facts, "EXISTS", f"{scope.facts.queue_prefix}:{scope.facts.queue_names[0]}:meta")
    reading = seen.reading(RedisConnection)
    if reading is not None:
        return Finding(
            id="redis.connection",
            severity=Severity.OK,
            state="reachable",
            sentence=text("Redis answers this machine in {ms:.0f} ms", ms=reading.latency_s * 1000),
            value=reading.latency_s,
            unit="s",
            evidence=seen.ids("redis.connection"),
            command=command,
        )
    kind = seen.failed_as("redis.connection")
    state = _state(kind, seen)
    if state is None:
        return blind("redis.connection", seen, "redis.connection", command=command)
    return Finding(
        id="redis.connection",
        severity=Severity.CRITICAL,
        state=state,
        sentence=text("Redis says that the plan's request limit is reached")
        if state == "quota_exhausted"
        else text("Redis is out of reach from this machine and for the worker"),
        evidence=seen.ids("redis.connection", "worker.metrics", "worker.health"),
        command=command,
    )


def _state(kind: FailureKind | None, seen: Seen) -> str | None:
    if kind is FailureKind.QUOTA:
        return "quota_exhausted"
    return "unreachable" if kind in _OUTAGE and _worker_lost_it(seen) else None


def _worker_lost_it(seen: Seen) -> bool:
    health, metrics = seen.reading(WorkerHealth), seen.reading(WorkerMetrics)
    if health and health.redis_connected:
        return False
    samples = metrics.samples if metrics else ()
    return bool(samples) and (
        not any(s.redis_connected for s in samples) or bool(health and not health.redis_connected)
    )


def check_redis_memory(seen: Seen, scope: Scope) -> Finding:
    """Judge the server's memory against its limit, where INFO is permitted. Source: runbook M13."""
    server = seen.reading(RedisServer)
    command = redis_cli(scope.facts, "INFO memory")
    if server is None:
        if seen.failed_as("redis.server") is FailureKind.UNAUTHORIZED and seen.reading(RedisConnection) is not None:
            return Finding(
                id="redis.memory",
                severity=Severity.OK,
                state=NOT_PERMITTED,
                sentence=text("the token may not read INFO, so Redis memory is not seen"),
                evidence=seen.ids("redis.server"),
                command=command,
            )
        return blind("redis.memory", seen, "redis.server", command=command)
    if server.used_bytes is None and server.limit_bytes is not None:
        return unread("redis.memory", seen, "redis.server", command=command)
    if server.used_bytes is None or server.limit_bytes is None:
        return Finding(
            id="redis.memory",
            severity=Severity.OK,
            state="unlimited",
            sentence=text("Redis states no memory limit"),
            evidence=seen.ids("redis.server"),
            command=command,
        )
    share = server.used_bytes / server.limit_bytes
    return Finding(
        id="redis.memory",
        severity=Severity.CRITICAL if share > 1 else Severity.WARNING if share > MEMORY_SHARE else Severity.OK,
        state="full" if share > MEMORY_SHARE else "room",
        sentence=text(
            "Redis uses {share:.0%} of its memory limit ({policy})", share=share, policy=server.policy or "?"
        ),
        value=round(share, 4),
        unit="ratio",
        threshold=MEMORY_SHARE,
        evidence=seen.ids("redis.server"),
        command=command,
    )


CHECKS = (check_redis_connection, check_redis_memory)
