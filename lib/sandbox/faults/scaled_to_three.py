"""There is one replica more than usual."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World


async def _apply(world: World) -> None:
    world.memory[FAULT.name] = world.host.replicas()
    await world.host.scale(world.memory[FAULT.name] + 1)
    await world.host.settle()


async def _settled(world: World) -> bool:
    return await world.is_healthy()


async def _heal(world: World) -> None:
    await world.host.scale(world.memory.pop(FAULT.name))
    await world.host.settle()


FAULT = Fault(
    name="scaled-to-three",
    summary="the worker has one replica more than usual",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
