"""After an outage thousands of retries wait for their time."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

JOBS, DELAY_MS = 1500, 20 * 60 * 1000


async def _apply(world: World) -> None:
    await world.producer.order("burst", count=JOBS, mix={"kommo:webhook": 1.0}, options={"delay": DELAY_MS})


async def _settled(world: World) -> bool:
    return await world.count("delayed") >= JOBS


async def _heal(world: World) -> None:
    client, prefix = world.redis.client, f"bull:{world.queue_name}"
    delayed = await client.zrange(f"{prefix}:delayed", 0, -1)
    await client.zrem(f"{prefix}:delayed", *delayed)
    await client.unlink(*(f"{prefix}:{job}" for job in delayed))


FAULT = Fault(
    name="queue-delayed-backlog",
    summary="1500 jobs are delayed by 20 minutes, nothing waits",
    cause="queue.delayed_backlog",
    row="2.08",
    control="queue-resumed",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
