"""Somebody else keeps keys under BullMQ's prefix."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

KEYS = tuple(f"bull:cache:organization:{number}" for number in range(20))


async def _apply(world: World) -> None:
    for key in KEYS:
        await world.redis.client.set(key, "{}")
    await world.redis.client.hset("bull:agents", "last", "1")


async def _settled(world: World) -> bool:
    return await world.is_healthy()


async def _heal(world: World) -> None:
    await world.redis.client.delete(*KEYS, "bull:agents")


FAULT = Fault(
    name="foreign-keys",
    summary="twenty keys of a cache and a hash lie under BullMQ's prefix",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
