"""Producers go on filling a queue that nobody consumes."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

QUEUE, JOBS, PER_S = "app-jobs", 800, 5.0
MIX = {"webhook:retry": 1.0}


async def _apply(world: World) -> None:
    await world.producer.order("burst", count=JOBS, queue=QUEUE, mix=MIX)
    await world.producer.order("trickle", queue=QUEUE, per_s=PER_S, mix=MIX)


async def _settled(world: World) -> bool:
    return await world.count("wait", QUEUE) > JOBS


async def _heal(world: World) -> None:
    await world.producer.order("trickle", per_s=0)
    client, prefix = world.redis.client, f"bull:{QUEUE}"
    waiting = await client.lrange(f"{prefix}:wait", 0, -1)
    await client.delete(f"{prefix}:wait")
    await client.unlink(*(f"{prefix}:{job}" for job in waiting))


FAULT = Fault(
    name="queue-orphaned",
    summary="800 jobs wait in app-jobs, more arrive, and no worker consumes it",
    cause="queue.orphaned",
    row="2.09",
    control="queue-consumed-elsewhere",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
