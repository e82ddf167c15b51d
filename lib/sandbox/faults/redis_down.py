"""The database is gone: the server has stopped and its address refuses connections."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World


async def _apply(world: World) -> None:
    world.edge.refuse()
    await world.redis.stop()


async def _settled(world: World) -> bool:
    replies = await world.ask_replicas("/metrics")
    return bool(replies) and all(
        "ECONNREFUSED" in str(each.payload.get("redis", {}).get("lastError")) for each in replies
    )


async def _heal(world: World) -> None:
    await world.redis.start()
    await world.edge.open()


FAULT = Fault(
    name="redis-down",
    summary="the Redis server is stopped and its port refuses connections",
    cause="redis.unreachable",
    row="1.03",
    control="redis-restarted",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
