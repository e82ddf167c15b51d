"""A public variable was set after the build: the page of variables is complete, the bundle is not."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.frontend_public_variable_missing import NAME, lacks_address
from sandbox.faults.site import redeploy
from sandbox.world import World


async def _apply(world: World) -> None:
    values = world.site.variables.values()
    world.site.variables.remove(NAME)
    await redeploy(world.site)
    world.site.variables.set({NAME: values[NAME]})


async def _heal(world: World) -> None:
    await redeploy(world.site)


FAULT = Fault(
    name="frontend-public-variable-unbuilt",
    summary=f"{NAME} was set after the release that serves had been built; nothing was built since",
    cause="frontend.public_variable_missing",
    row="3.04",
    control="frontend-redeployed",
    apply=_apply,
    settled=lacks_address,
    heal=_heal,
)
