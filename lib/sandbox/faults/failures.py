"""Failed jobs of days ago, written as BullMQ left them."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from uuid import UUID

from sandbox.faults.fault import Fault
from sandbox.history.past import Attempt, PastJob
from sandbox.history.rows import write_finished
from sandbox.producer.jobs import make_job
from sandbox.world import World

ASSET = "process-asset"
ERROR = f"No handler registered for job {ASSET}"
OLDEST_S, NEWEST_S = 6 * 24 * 3600, 2 * 24 * 3600


def failures(*, name: str, summary: str, cause: str, jobs: int, row: str = "", control: str = "") -> Fault:
    """So many jobs that failed for good between six and two days ago."""

    async def apply(world: World) -> None:
        past = list(_past_jobs(jobs))
        world.memory[name] = [job.id for job in past]
        await write_finished(world.redis.client, past, world.queue_name)

    async def settled(world: World) -> bool:
        return await world.count("failed") >= jobs and await world.is_healthy()

    async def heal(world: World) -> None:
        client, prefix = world.redis.client, f"bull:{world.queue_name}"
        ids = world.memory.pop(name, [])
        await client.zrem(f"{prefix}:failed", *ids)
        await client.unlink(*(f"{prefix}:{job}" for job in ids))

    return Fault(
        name=name,
        summary=summary,
        cause=cause,
        row=row,
        control=control,
        apply=apply,
        settled=settled,
        heal=heal,
    )


def _past_jobs(count: int) -> Iterator[PastJob]:
    chance, now_ms = random.Random(count), time.time_ns() // 1_000_000  # noqa: S311  (made-up jobs, no secrets)
    for number in range(count):
        added_ms = now_ms - round(1000 * (OLDEST_S - (OLDEST_S - NEWEST_S) * number / count))
        new = make_job(ASSET, {}, chance, at_ms=added_ms)
        attempts = tuple(
            Attempt(started_ms=at, ended_ms=at + 4, error=ERROR)
            for at in (added_ms + 2, added_ms + 5010, added_ms + 15020)
        )
        yield PastJob(
            id=f"process-asset-{UUID(int=chance.getrandbits(128))}",
            number=0,
            name=ASSET,
            data=new.data,
            options=new.options,
            added_ms=added_ms,
            attempts=attempts,
            replica=0,
        )
