"""The frontend fills a queue that nobody consumes."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.producer.jobs import FRONTEND_OPTIONS
from sandbox.world import World

JOBS = 1200


async def _apply(world: World) -> None:
    await world.producer.order(
        "burst", count=JOBS, queue="app-jobs", mix={"webhook:retry": 1.0}, options=FRONTEND_OPTIONS
    )


async def _settled(world: World) -> bool:
    return await world.count("prioritized", "app-jobs") >= JOBS


async def _heal(world: World) -> None:
    client, prefix = world.redis.client, "bull:app-jobs"
    waiting = await client.zrange(f"{prefix}:prioritized", 3, -1)
    await client.zrem(f"{prefix}:prioritized", *waiting)
    await client.unlink(*(f"{prefix}:{job}" for job in waiting))


FAULT = Fault(
    name="queue-prioritized-backlog",
    summary="1200 prioritized jobs wait in the frontend's queue, which has no consumer",
    cause="queue.prioritized_backlog",
    row="2.09",
    control="queue-quiet",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
