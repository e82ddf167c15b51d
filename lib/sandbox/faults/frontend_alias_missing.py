"""The production address was taken from the project: it points to no deployment."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.site import edge_code
from sandbox.world import World


async def _apply(world: World) -> None:
    world.memory.setdefault(FAULT.name, world.site.serving)
    await world.site.remove_alias()


async def _settled(world: World) -> bool:
    return await edge_code(world, "/robots.txt") == "DEPLOYMENT_NOT_FOUND"


async def _heal(world: World) -> None:
    world.site.move_alias(world.memory.pop(FAULT.name), "promote")
    await world.site.settle()


FAULT = Fault(
    name="frontend-alias-missing",
    summary="the site's address points to no deployment",
    cause="frontend.alias_missing",
    row="3.10",
    control="frontend-rolled-back",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
