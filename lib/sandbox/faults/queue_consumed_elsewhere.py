"""Another service works through a deep queue of its own."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

QUEUE, JOBS, PER_S, JOB_S, CONCURRENCY = "app-jobs", 900, 2.0, 5.0, 10
MIX = {"webhook:retry": 1.0}


async def _apply(world: World) -> None:
    await world.producer.order("burst", count=JOBS, queue=QUEUE, mix=MIX)
    await world.producer.order("trickle", queue=QUEUE, per_s=PER_S, mix=MIX)
    await world.producer.order("consume", queue=QUEUE, job_s=JOB_S, concurrency=CONCURRENCY)


async def _settled(world: World) -> bool:
    return await world.count("active", QUEUE) == CONCURRENCY


async def _heal(world: World) -> None:
    await world.producer.order("trickle", per_s=0)
    await world.producer.order("consume")
    client, prefix = world.redis.client, f"bull:{QUEUE}"
    for state in ("wait", "active"):
        jobs = await client.lrange(f"{prefix}:{state}", 0, -1)
        await client.delete(f"{prefix}:{state}")
        await client.unlink(*(f"{prefix}:{job}{end}" for job in jobs for end in ("", ":lock")))


FAULT = Fault(
    name="queue-consumed-elsewhere",
    summary="900 jobs wait in app-jobs, more arrive, and another service works through them",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
