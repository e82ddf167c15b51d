"""Much of the server's memory is used, and there is room."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.redis_memory import empty, fill
from sandbox.world import World


async def _apply(world: World) -> None:
    await fill(world, 0.6)


async def _settled(world: World) -> bool:
    return await world.is_healthy()


async def _heal(world: World) -> None:
    await empty(world)


FAULT = Fault(
    name="redis-memory-high",
    summary="Redis has used 60 % of its memory",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
