"""The server was restarted; everybody is connected again."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World


async def _apply(world: World) -> None:
    world.edge.refuse()
    await world.redis.stop()
    await world.redis.start()
    await world.edge.open()


async def _settled(world: World) -> bool:
    replies = await world.ask_replicas("/metrics")
    is_connected = all(each.payload.get("redis", {}).get("connected") for each in replies)
    return is_connected and await world.is_healthy()


async def _heal(_world: World) -> None:
    """Nothing is broken."""


FAULT = Fault(
    name="redis-restarted",
    summary="the Redis server was restarted, the workers are connected again",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
