"""Looks at the queue's keys in Redis, within the command budget."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from diagnostics.clients.bullmq import Bullmq
from diagnostics.clients.systems import Systems
from diagnostics.errors import ClientError
from diagnostics.model import Evidence, Failure, FailureKind, Probe
from diagnostics.probes.look import absent, failure_of, look
from diagnostics.probes.worker import SAMPLE_GAP_S
from diagnostics.readings import QueueCounts, QueueState, Reading, RedisConnection, RedisServer
from diagnostics.settings import RedisSection
from diagnostics.text import text

EVENTS_PER_COMMAND = 1000
"""XREVRANGE holds the server about a millisecond per thousand entries."""


async def probe_redis_connection(systems: Systems) -> Evidence:
    """The operator's own way to Redis: one read proves it."""
    return await _look(systems, "redis.connection", "EXISTS", _connection)


async def probe_queue_state(systems: Systems) -> Evidence:
    """Every state of the profile's queues, now and again about two seconds later."""
    return await _look(systems, "queue.state", "LLEN, ZCARD, HMGET, SCAN", _state)


async def probe_queue_jobs(systems: Systems) -> Evidence:
    """Times and types of the newest jobs; never their data."""
    return await _look(systems, "queue.jobs", "SORT_RO", lambda s, b: b.rows(s.scope.facts.queue_names[0]))


async def probe_queue_events(systems: Systems) -> Evidence:
    """The newest steps of the queue's event stream."""
    return await _look(
        systems,
        "queue.events",
        "XREVRANGE",
        lambda s, b: b.events(s.scope.facts.queue_names[0], count=EVENTS_PER_COMMAND * _pages(s)),
    )


async def probe_redis_server(systems: Systems) -> Evidence:
    """Memory, where INFO is permitted."""
    return await _look(systems, "redis.server", "INFO memory", _server)


PROBES = (
    Probe(name="redis.connection", system="redis", look=probe_redis_connection),
    Probe(name="queue.state", system="redis", look=probe_queue_state),
    Probe(name="queue.jobs", system="redis", look=probe_queue_jobs),
    Probe(name="queue.events", system="redis", look=probe_queue_events),
    Probe(name="redis.server", system="redis", look=probe_redis_server),
)


async def _look(
    systems: Systems,
    probe: str,
    command: str,
    read: Callable[[Systems, Bullmq], Awaitable[Reading | None]],
) -> Evidence:
    section = systems.settings.profile.redis
    assert section is not None
    if systems.redis_fault is not None:
        return absent(probe, command, failure_of(systems.redis_fault))
    if systems.redis is None or systems.bullmq is None:
        return absent(probe, command, _no_way(section))
    bullmq = systems.bullmq
    item = await look(probe, command, lambda: read(systems, bullmq))
    # Only afterwards is it known which way answered.
    return replace(item, source=f"{systems.redis.where} {command}")


def _no_way(section: RedisSection) -> Failure:
    names = {"url": section.rest_url_env, "token": section.rest_token_env, "tcp": section.url_env}
    return Failure(
        kind=FailureKind.CREDENTIALS_MISSING,
        why=text("neither {url} with {token} nor {tcp} is set", **names),
        regain=text("set {url} and {token}, or {tcp}, in the environment or in the profile's env_file", **names),
    )


def _pages(systems: Systems) -> int:
    """More of the past where the caller grants a larger budget."""
    return 3 if systems.scope.redis_command_limit <= 50 else 10


async def _connection(systems: Systems, bullmq: Bullmq) -> Reading:
    assert systems.redis is not None
    name = systems.scope.facts.queue_names[0]
    latency_s = await systems.redis.latency(f"{systems.scope.facts.queue_prefix}:{name}:meta")
    return RedisConnection(latency_s=round(latency_s, 4), commands=1)


async def _state(systems: Systems, bullmq: Bullmq) -> Reading:
    facts = systems.scope.facts
    main, others = facts.queue_names, (*facts.queue_orphans, *facts.dead_letter_queues)
    started = time.monotonic()
    first = await bullmq.counts(*main)
    beside = await bullmq.brief_counts(*others) if others else ()
    found, scanned, is_complete = await bullmq.names()
    extra = tuple(n for n in found if n not in main and n not in others)[:2]
    strangers = await bullmq.brief_counts(*extra) if extra else ()
    await asyncio.sleep(min(SAMPLE_GAP_S, systems.scope.deadline_s / 4))
    second = await bullmq.counts(*main)
    marked = [await _marked(bullmq, counts) for counts in second]
    return QueueState(
        first=(*first, *beside, *strangers),
        second=tuple(marked),
        gap_s=round(time.monotonic() - started, 3),
        found=found,
        scanned_keys=scanned,
        scan_complete=is_complete,
    )


async def _marked(bullmq: Bullmq, counts: QueueCounts) -> QueueCounts:
    """`counts` with ages of the oldest and newest jobs and the number of active jobs without a lock."""
    if not counts.is_present:
        return counts
    marks = await bullmq.marks(counts.name)
    active = marks["active"]
    held = await bullmq.locks(counts.name, active)
    waiting = marks["oldest_waiting"]
    return replace(
        counts,
        oldest_waiting_at=await bullmq.added_at(counts.name, waiting[0]) if waiting else None,
        newest_completed_at=marks["newest_completed_at"],
        newest_failed_at=marks["newest_failed_at"],
        active_without_lock=None if held is None else max(0, len(active) - held),
    )


async def _server(systems: Systems, bullmq: Bullmq) -> Reading:
    assert systems.redis is not None
    (reply,) = await systems.redis.read(("INFO", "memory"))
    if isinstance(reply, ClientError):
        raise reply
    info = reply if isinstance(reply, dict) else {}
    limit = info.get("maxmemory")
    return RedisServer(
        used_bytes=info.get("used_memory"),
        limit_bytes=limit if limit else None,
        policy=str(info.get("maxmemory_policy", "")),
        connected_clients=None,
    )
