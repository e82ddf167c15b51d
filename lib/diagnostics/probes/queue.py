"""Looks at the queue's keys in Redis, within the command budget."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from diagnostics.clients.bullmq import Bullmq, Keyspace, Reach
from diagnostics.clients.systems import Systems
from diagnostics.errors import ClientError
from diagnostics.model import Evidence, Failure, FailureKind, Probe
from diagnostics.probes.look import absent, failure_of, look
from diagnostics.probes.worker import SAMPLE_GAP_S
from diagnostics.profile import RedisSection
from diagnostics.readings import QueueCounts, QueueState, Reading, RedisConnection, RedisServer
from diagnostics.text import text

DEFAULT_COMMANDS = 50
"""What all other looks of a run may need; a larger budget goes into the history of finished jobs."""
SECOND_COMMANDS = 22
"""Kept for the second look while other queues are counted."""
OTHERS_COMMANDS = 11
"""What the probes that run beside this one may take: AUTH, connection, rows, events, server."""
STRANGER_COMMANDS = 7
"""What two queues cost that nobody has named."""
HISTORY_SHARE = 0.5
"""Of the deadline, for the history: what else is asked over the same connection must come through."""
EVENTS_PER_COMMAND = 1000
"""XREVRANGE holds the server about a millisecond per thousand entries."""


async def probe_redis_connection(systems: Systems) -> Evidence:
    """The operator's own way to Redis: one read proves it."""
    return await _look(systems, "redis.connection", "EXISTS", _connection)


async def probe_queue_state(systems: Systems) -> Evidence:
    """Every state of the profile's queues, now and again about two seconds later."""
    return await _look(systems, "queue.state", "LLEN, ZCARD, LRANGE, HMGET, SCAN", _state)


async def probe_queue_jobs(systems: Systems) -> Evidence:
    """Times and types of the newest jobs, and of many more where the budget is larger; never their data."""
    return await _look(systems, "queue.jobs", "SORT_RO", _rows)


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
    Probe(name="queue.state", system="redis", look=probe_queue_state, looks_twice=True),
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
    if systems.way.fault is not None:
        return absent(probe, command, failure_of(systems.way.fault))
    if systems.way.redis is None or systems.way.bullmq is None:
        return absent(probe, command, _no_way(section))
    bullmq = systems.way.bullmq
    item = await look(probe, command, lambda: read(systems, bullmq))
    # Only afterwards is it known which way answered.
    return replace(item, source=f"{systems.way.redis.where} {command}")


def _no_way(section: RedisSection) -> Failure:
    names = {"url": section.rest_url_env, "token": section.rest_token_env, "tcp": section.url_env}
    return Failure(
        kind=FailureKind.CREDENTIALS_MISSING,
        why=text("neither {url} with {token} nor {tcp} is set", **names),
        regain=text("set {url} and {token}, or {tcp}, in the environment or in the profile's env_file", **names),
    )


def _pages(systems: Systems) -> int:
    """More of the past where the caller grants a larger budget."""
    return 3 if systems.scope.redis_command_limit <= DEFAULT_COMMANDS else 10


async def _connection(systems: Systems, bullmq: Bullmq) -> Reading:
    assert systems.way.redis is not None
    name = systems.scope.facts.queue_names[0]
    latency_s = await systems.way.redis.latency(f"{systems.scope.facts.queue_prefix}:{name}:meta")
    return RedisConnection(latency_s=round(latency_s, 4), commands=1)


async def _state(systems: Systems, bullmq: Bullmq) -> Reading:
    facts = systems.scope.facts
    main, others = facts.queue_names, (*facts.queue_orphans, *facts.dead_letter_queues)
    started = time.monotonic()
    looks = [await bullmq.glance(name) for name in main]
    beside, space = await _beside(systems, bullmq, main, others)
    await asyncio.sleep(max(0.0, min(SAMPLE_GAP_S, systems.scope.deadline_s / 4) - (time.monotonic() - started)))
    second = [await bullmq.full(look.counts.name, before=look) for look in looks]
    # Whether jobs still arrive where nobody takes them: dead letters are expected to stay.
    lonely = [q for q in beside if q.is_present and q.active == 0 and q.name not in facts.dead_letter_queues]
    later = await bullmq.last_ids(*(q.name for q in lonely)) if lonely else ()
    return QueueState(
        first=(*(look.counts for look in looks), *beside),
        second=(*second, *(replace(q, last_id=n) for q, n in zip(lonely, later, strict=True))),
        gap_s=round(time.monotonic() - started, 3),
        found=space.queues,
        scanned_keys=space.scanned,
        scan_complete=space.is_complete,
        scan_refused=space.is_refused,
        total_keys=space.total,
        fallback_keys=space.fallback,
        foreign_keys=space.foreign,
    )


async def _beside(
    systems: Systems, bullmq: Bullmq, main: Sequence[str], others: Sequence[str]
) -> tuple[tuple[QueueCounts, ...], Keyspace]:
    """The profile's other queues, and up to two nobody has named."""
    beside = await bullmq.beside(*others, spare=_spare(systems)) if others else ()
    space = await bullmq.keyspace(known=(*main, *(q.name for q in beside if q.is_present)))
    strangers = [n for n in space.queues if n not in main and n not in others][:2]
    spare = _spare(systems)
    met = await bullmq.beside(*strangers, spare=spare) if strangers and spare >= STRANGER_COMMANDS else ()
    return (*beside, *met), space


def _spare(systems: Systems) -> int:
    return systems.budget.redis_share(others=OTHERS_COMMANDS) - SECOND_COMMANDS


async def _rows(systems: Systems, bullmq: Bullmq) -> Reading:
    name = systems.scope.facts.queue_names[0]
    rows = await bullmq.rows(name)
    commands = systems.scope.redis_command_limit - DEFAULT_COMMANDS
    if commands <= 0 or rows.method != "SORT_RO":
        return rows
    since_ms = round(systems.scope.window.since.timestamp() * 1000)
    reach = Reach(commands=commands, since_ms=since_ms, within_s=HISTORY_SHARE * systems.scope.deadline_s)
    return replace(rows, history=await bullmq.history(name, reach))


async def _server(systems: Systems, bullmq: Bullmq) -> Reading:
    assert systems.way.redis is not None
    (reply,) = await systems.way.redis.read(("INFO", "memory"))
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
