"""The vital signs of everything configured, for the history: few cheap reads, judged by nobody here.

One queue costs at most 18 Redis commands, the queues beside it 1 and at most 9 each, the server 2 and AUTH 1
more; the worker one request for each replica and one more. A value that could not be read is there without a
number and with the reason.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from diagnostics.clients.bullmq import Glance
from diagnostics.clients.systems import Systems
from diagnostics.clients.worker import read_metrics
from diagnostics.errors import BudgetExhausted, ClientError
from diagnostics.probes.look import failure_of, unset
from diagnostics.readings import QueueCounts, ReplicaSample
from diagnostics.replicas import Replicas

QUEUE = ("depth", "wait", "paused", "prioritized", "delayed", "active", "completed", "failed", "added")
"""Counts (jobs). `completed` and `failed` are those still kept; `added` is the total ever."""
BESIDE = ("depth", "added")
"""The same of orphans and of queues of dead letters, under `beside.`: no series of ours sums them up by mistake."""
_BESIDE_COMMANDS = 9
WORKER = ("attempts", "completed", "failed", "processing")
"""Per replica since its start: attempts begun, completed and failed, and jobs in hand now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vital:
    """One value of one thing at the moment of sampling, or the reason why there is none."""

    metric: str
    label: str = ""
    value: float | None = None
    reason: str = ""


async def read_vitals(systems: Systems, replicas: Replicas) -> tuple[Vital, ...]:
    """Every vital sign the profile's systems have. Never raises a ClientError."""
    profile = systems.settings.profile
    found: list[Vital] = []
    if profile.redis:
        for name in profile.queue.names:
            found += await _or_gaps(_queue_names(name), lambda name=name: _queue(systems, name))  # type: ignore[misc]
        others = (*profile.queue.orphans, *profile.queue.dead_letter)
        if others:
            names = [(f"beside.{metric}", name) for name in others for metric in BESIDE]
            found += await _or_gaps(names, lambda: _beside(systems, others))
        found += await _or_gaps((("redis.latency_s", ""), ("redis.used_bytes", "")), lambda: _server(systems))
    if profile.worker:
        found += await _or_gaps((("worker.replicas", ""),), lambda: _worker(systems, replicas))
    return tuple(found)


def _queue_names(queue: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"queue.{name}", queue) for name in QUEUE)


async def _or_gaps(names: Sequence[tuple[str, str]], read: Callable[[], Awaitable[list[Vital]]]) -> list[Vital]:
    """What `read` brings, or a gap for each of `names`."""
    try:
        return await read()
    except (ClientError, BudgetExhausted) as error:
        reason = str(failure_of(error).why)
        return [Vital(metric=metric, label=label, reason=reason) for metric, label in names]


def _redis(systems: Systems) -> Any:
    section = systems.settings.profile.redis
    assert section is not None
    if systems.way.redis is None:
        why = systems.way.fault or unset(section.url_env).why
        raise ClientError(str(why))
    return systems.way.redis


async def _queue(systems: Systems, name: str) -> list[Vital]:
    _redis(systems)
    assert systems.way.bullmq is not None
    counts = await systems.way.bullmq.full(name, before=Glance(QueueCounts(name=name, is_present=False), ()))
    if not counts.is_present:
        raise ClientError(f"there is no queue named {name} in this Redis")
    waiting = _age(name, "waiting", counts.oldest_waiting_at, is_any=counts.depth != 0)
    active = _age(name, "active", counts.oldest_active_at, is_any=counts.active != 0)
    return [*_counted(name, counts), *waiting, *active]


def _counted(name: str, counts: QueueCounts) -> list[Vital]:
    values = {metric: getattr(counts, metric) for metric in QUEUE[:-1]} | {"added": counts.last_id}
    return [
        Vital(metric=f"queue.{metric}", label=name, value=float(value))
        if value is not None
        else Vital(metric=f"queue.{metric}", label=name, reason="this one read was refused")
        for metric, value in values.items()
    ]


async def _beside(systems: Systems, names: Sequence[str]) -> list[Vital]:
    """What lies in the queues that no worker of ours takes from. One that was never used has no vital signs."""
    _redis(systems)
    assert systems.way.bullmq is not None
    found = []
    for counts in await systems.way.bullmq.beside(*names, spare=1 + _BESIDE_COMMANDS * len(names)):
        values = (counts.depth, counts.last_id) if counts.is_present else ()
        for metric, value in zip(BESIDE, values, strict=False):
            reason = "" if value is not None else "this one read was refused"
            number = None if value is None else float(value)
            found.append(Vital(metric=f"beside.{metric}", label=counts.name, value=number, reason=reason))
    return found


def _age(queue: str, which: str, since: datetime | None, *, is_any: bool) -> list[Vital]:
    """Seconds since the oldest waiting job, prioritized or not, was added, or the oldest running one was started.

    None of no job.
    """
    if not is_any:
        return []
    metric = f"queue.oldest_{which}_s"
    if since is None:
        return [Vital(metric=metric, label=queue, reason="the job's time could not be read")]
    return [Vital(metric=metric, label=queue, value=max(0.0, _now_s() - since.timestamp()))]


async def _server(systems: Systems) -> list[Vital]:
    redis = _redis(systems)
    names = systems.settings.profile.queue.names
    latency_s = await redis.latency(f"{systems.scope.facts.queue_prefix}:{names[0]}:meta")
    (info,) = await redis.read(("INFO", "memory"))
    used = info.get("used_memory") if isinstance(info, dict) else None
    memory = (
        Vital(metric="redis.used_bytes", reason="INFO is not permitted")
        if used is None
        else Vital(metric="redis.used_bytes", value=float(used))
    )
    return [Vital(metric="redis.latency_s", value=round(latency_s, 4)), memory]


async def _worker(systems: Systems, replicas: Replicas) -> list[Vital]:
    """Totals of each replica met; `worker.replicas` counts them."""
    section = systems.settings.profile.worker
    if section is None or section.base_url is None:
        raise ClientError(str(unset("RUNBOOK_WORKER__BASE_URL").why))
    met: dict[int, ReplicaSample] = {}
    for _ in range(min(4, section.expected_replicas or 2) + 1):
        sample = await read_metrics(systems.http, section.base_url, timeout_s=systems.timeout_s)
        if not isinstance(sample, ReplicaSample):
            if met:
                break
            raise ClientError(f"GET /metrics: no totals ({sample[0].value})")
        met[replicas.name(sample)] = sample
    return [Vital(metric="worker.replicas", value=float(len(met))), *_totals(met)]


def _totals(met: dict[int, ReplicaSample]) -> list[Vital]:
    return [
        Vital(metric=f"worker.{metric}", label=str(started), value=float(getattr(sample, metric)))
        for started, sample in met.items()
        for metric in WORKER
    ]


def _now_s() -> float:
    return datetime.now(UTC).timestamp()
