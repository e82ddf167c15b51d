"""Somebody rolled back to the release before, which works as well."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.site import is_well
from sandbox.world import World


async def _apply(world: World) -> None:
    serving = world.site.serving
    world.memory.setdefault(FAULT.name, serving)
    before = next(each for each in world.site.deployments() if each.is_ready and each is not serving)
    world.site.move_alias(before, "rollback")
    await world.site.settle()


async def _settled(world: World) -> bool:
    return await is_well(world)


async def _heal(world: World) -> None:
    world.site.move_alias(world.memory.pop(FAULT.name), "promote")
    await world.site.settle()


FAULT = Fault(
    name="frontend-rolled-back",
    summary="the address was moved to the release before, which serves well",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
