"""A real server with BullMQ's keys in it, and our reader before it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bullmq import Queue, Worker
from redis.asyncio import Redis

from diagnostics.budget import Budget
from diagnostics.clients.bullmq import Bullmq
from diagnostics.clients.redis import RedisReader
from diagnostics.readings import QueueCounts

QUEUE = "agent-jobs"
KEY = f"bull:{QUEUE}:"


@dataclass(frozen=True, kw_only=True)
class Place:
    """One empty server: BullMQ's own hands on it, and ours."""

    url: str
    client: Redis
    queue: Queue
    budget: Budget
    reader: RedisReader
    bullmq: Bullmq

    async def counted(self) -> QueueCounts:
        """Both looks, one after the other."""
        return await self.bullmq.full(QUEUE, before=await self.bullmq.glance(QUEUE))

    async def take(self, count: int = 1) -> list[Any]:
        """Jobs begun and held by a worker that does nothing more."""
        worker = Worker(QUEUE, None, {"connection": self.url, "autorun": False, "lockDuration": 30_000})
        jobs = [await worker.getNextJob(f"token-{number}") for number in range(count)]
        await worker.close(force=True)
        return jobs

    async def work(self, until: int, **options: Any) -> None:
        """A real worker runs until so many jobs have ended; `bad` ones fail."""
        worker = Worker(QUEUE, _handle, {"connection": self.url, "concurrency": 10, **options})
        async with asyncio.timeout(20):
            while await self.ended() < until:
                await asyncio.sleep(0.01)
        await worker.close(force=True)

    async def ended(self) -> int:
        return await self.client.zcard(f"{KEY}completed") + await self.client.zcard(f"{KEY}failed")

    async def write_finished(self, finished_ms: Sequence[int], state: str = "completed") -> list[str]:
        """Rows of ended jobs in BullMQ's layout: added 700 ms and begun 500 ms before their end."""
        ids = [f"{state}-{number}" for number in range(len(finished_ms))]
        async with self.client.pipeline(transaction=False) as pipe:
            for job, at in zip(ids, finished_ms, strict=True):
                row = {"name": f"type-{at % 3}", "timestamp": at - 700, "processedOn": at - 500, "finishedOn": at}
                pipe.hset(KEY + job, mapping=row)
                pipe.zadd(KEY + state, {job: at})
            await pipe.execute()
        return ids

    async def refuse(self, *commands: str) -> Bullmq:
        """Our reader with a user who may do less."""
        rules = [f"-{command.lower()}" for command in commands]
        await self.client.execute_command("ACL", "SETUSER", "less", "on", ">x", "~*", "+@all", *rules)
        reader = RedisReader(self.url.replace("//", "//less:x@"), budget=self.budget, timeout_s=5)
        return Bullmq(reader, prefix="bull")


async def _handle(job: Any, _token: str) -> None:
    if job.name == "bad":
        raise ValueError("as asked")
