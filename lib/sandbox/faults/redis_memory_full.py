"""The server's memory is full and nothing may be evicted: writes are refused."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.redis_memory import empty, fill
from sandbox.world import World


async def _apply(world: World) -> None:
    world.memory[FAULT.name] = await _lost(world)
    await fill(world, 1.03)


async def _settled(world: World) -> bool:
    before: int = world.memory[FAULT.name]
    return await _lost(world) > before


async def _heal(world: World) -> None:
    await empty(world)


async def _lost(world: World) -> int:
    """Jobs the producer could not add so far."""
    return int((await world.producer.order("count"))["added"].get("failed", 0))


FAULT = Fault(
    name="redis-memory-full",
    summary="Redis has used all its memory and refuses writes",
    cause="redis.memory_full",
    row="2.11",
    control="redis-memory-high",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
