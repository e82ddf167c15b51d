"""The plan has a limit, and a good part of it is left."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

LIMIT = 10_000_000


async def _apply(world: World) -> None:
    world.gate.daily_limit = LIMIT


async def _settled(world: World) -> bool:
    return await world.is_healthy()


async def _heal(world: World) -> None:
    world.gate.daily_limit = None


FAULT = Fault(
    name="redis-quota-half",
    summary="the Redis plan has a daily limit, far from used up",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
