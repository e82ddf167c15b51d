"""The running platform, as faults and tests may touch and watch it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.http import Request, ask
from sandbox.worker.weights import mean_weight

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from sandbox.data import Project
    from sandbox.edge import Edge, Gate
    from sandbox.host import Host
    from sandbox.plan import Plan
    from sandbox.postgres import Postgres
    from sandbox.producer.boss import Boss
    from sandbox.redis_server import RedisServer
    from sandbox.resolver import Resolver
    from sandbox.site import Site, SiteEdge, Traffic
    from sandbox.vendors.kommo import KommoState
    from sandbox.vendors.openrouter import OpenRouterState
    from sandbox.vendors.sentry_state import SentryState
    from sandbox.vendors.status_pages import StatusPages
    from sandbox.vendors.upstash_developer import UpstashAccount

LOOK_EVERY_S = 0.05
LISTS = frozenset(("wait", "paused", "active"))
"""States BullMQ keeps in lists; the others are sorted sets."""


class NeverSettled(TimeoutError):
    """What was waited for did not happen."""


@dataclass(slots=True, kw_only=True)
class World:
    """Every real part, and a memory for what must be put back."""

    plan: Plan
    redis: RedisServer
    postgres: Postgres
    project: Project
    """The Supabase project over that server."""
    gate: Gate
    edge: Edge
    host: Host
    producer: Boss
    openrouter: OpenRouterState
    kommo: KommoState
    status_pages: StatusPages
    upstash: UpstashAccount
    sentry: SentryState
    site: Site
    site_edge: SiteEdge
    traffic: Traffic
    resolver: Resolver
    """The name server of the worker's host; nobody else asks it."""
    parts: AsyncExitStack
    """Ends what was started late, when the sandbox ends."""
    sever_openrouter: Callable[[], None]
    """Ends the calls that hang in OpenRouter's stand-in."""
    settings: dict[str, str] = field(default_factory=dict)
    """What the operator is told when the sandbox is up; whoever rotates his key tells him the new one."""
    memory: dict[str, Any] = field(default_factory=dict)
    """What faults keep for their healing, by fault name."""
    marks: dict[str, datetime] = field(default_factory=dict)

    @property
    def queue_name(self) -> str:
        """The queue of the producers."""
        return "agent-jobs"

    async def eventually(self, what: str, condition: Callable[[], Awaitable[bool]], within_s: float = 30.0) -> None:
        """Wait until a condition holds.

        Raises:
            NeverSettled: it did not within `within_s` seconds.
        """
        give_up_at = time.monotonic() + within_s
        while not await condition():
            if time.monotonic() > give_up_at:
                raise NeverSettled(f"{what} did not happen within {within_s:g} s")
            await asyncio.sleep(LOOK_EVERY_S)

    async def ask_replicas(self, target: str, *, within_s: float = 1.0) -> list[Reply]:
        """What each running replica answers to one question."""
        ports = [replica.port for replica in self.host.running]
        return list(await asyncio.gather(*(_ask(port, target, within_s) for port in ports)))

    async def is_healthy(self) -> bool:
        """Every replica wanted runs and says that it is well."""
        replies = await self.ask_replicas("/health")
        return len(replies) == self.host.replicas() and all(each.status == 200 for each in replies)

    async def count(self, state: str, queue: str | None = None) -> int:
        """Jobs of a queue in one state; lists and sorted sets alike."""
        key = f"bull:{queue or self.queue_name}:{state}"
        client = self.redis.client
        return int(await (client.llen(key) if state in LISTS else client.zcard(key)))

    async def backlog(self) -> int:
        """Jobs that are ready and not begun."""
        return sum([await self.count(state) for state in ("wait", "paused", "prioritized")])

    @property
    def slots(self) -> int:
        """Jobs all replicas together can have in hand."""
        return self.host.replicas() * int(self.host.variables()["JOB_CONCURRENCY"])

    def capacity_per_s(self, mix: Mapping[str, float]) -> float:
        """Jobs per second of a mix that the workers can do."""
        return self.slots / (self.plan.job_seconds * mean_weight(mix))

    async def usual_traffic(self) -> None:
        """Let the producer add what it adds on an ordinary day."""
        await self.producer.order("pace")

    async def change_variables(self, owner: str, values: Mapping[str, str]) -> None:
        """Change the worker's variables for a fault, deploy them, and remember what they were."""
        before = self.host.variables()
        self.memory.setdefault(owner, {name: before[name] for name in values})
        await self.host.set_variables(values, deploy=True)
        await self.host.settle()

    async def restore_variables(self, owner: str) -> None:
        """Give the worker back the variables it had before a fault."""
        before = self.memory.pop(owner, None)
        if before is not None:
            await self.host.set_variables(before, deploy=True)
            await self.host.settle()

    async def discard(self, *names: str) -> None:
        """Take every job of some types out of the queue, begun or not."""
        client, prefix = self.redis.client, f"bull:{self.queue_name}"
        for state in ("wait", "paused", "active", "delayed", "prioritized"):
            key, is_list = f"{prefix}:{state}", state in LISTS
            ids = await (client.lrange(key, 0, -1) if is_list else client.zrange(key, 0, -1))
            async with client.pipeline(transaction=False) as asking:
                for job in ids:
                    asking.hget(f"{prefix}:{job}", "name")
                found = await asking.execute()
            doomed = [job for job, name in zip(ids, found, strict=True) if name in names]
            async with client.pipeline() as removing:
                for job in doomed:
                    (removing.lrem(key, 0, job) if is_list else removing.zrem(key, job))
                    removing.delete(f"{prefix}:{job}", f"{prefix}:{job}:lock")
                await removing.execute()

    async def restart_empty_handed(self, *names: str) -> None:
        """Restart the worker with its jobs put back, but for some types, which are thrown away."""
        deployment = self.host.deployments()[0].id
        await self.host.stop(deployment)
        await self.host.settle()
        await self.discard(*names)
        client, prefix = self.redis.client, f"bull:{self.queue_name}"
        for job in await client.lrange(f"{prefix}:active", 0, -1):
            await client.delete(f"{prefix}:{job}:lock")
            await client.lrem(f"{prefix}:active", 0, job)
            await client.rpush(f"{prefix}:wait", job)
        await self.host.restart(deployment)
        await self.host.settle()

    def mark(self, owner: str) -> None:
        """Begin to listen for a fault: `heard` looks at lines written from now on."""
        self.marks[owner] = datetime.now(UTC)

    def heard(self, owner: str, text: str, *, times: int = 1) -> bool:
        """Whether workers have written a text that often since a fault was applied."""
        since = self.marks[owner]
        for line in reversed(self.host.logs()):
            if line.at < since:
                return False
            if text in line.message or any(text in value for value in line.attributes.values()):
                times -= 1
                if times == 0:
                    return True
        return False

    def set_token(self, client: str, token: str) -> None:
        """Let another token be the only one of a client."""
        self.gate.keep(replace(each, token=token) if each.client == client else each for each in self.gate.credentials)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer of one replica; `status` 0 when there was none in time."""

    status: int
    payload: Mapping[str, Any]


async def _ask(port: int, target: str, within_s: float) -> Reply:
    try:
        async with asyncio.timeout(within_s):
            answer = await ask(port, Request(method="GET", target=target))
    except (OSError, EOFError):
        return Reply(status=0, payload={})
    return Reply(status=answer.status, payload=json.loads(answer.body))
