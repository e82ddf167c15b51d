"""Somebody stopped the deployment."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World


async def _apply(world: World) -> None:
    world.memory[FAULT.name] = world.host.deployments()[0].id
    await world.host.stop(world.memory[FAULT.name])
    await world.host.settle()


async def _settled(world: World) -> bool:
    return not world.host.running


async def _heal(world: World) -> None:
    await world.host.restart(world.memory.pop(FAULT.name))
    await world.host.settle()


FAULT = Fault(
    name="worker-down",
    summary="the worker's deployment is stopped",
    cause="worker.down",
    row="1.08",
    control="worker-killed-once",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
