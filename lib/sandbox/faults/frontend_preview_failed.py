"""The build of a branch failed; production is another deployment."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.site import is_well
from sandbox.frontend.releases import FILE_NAME_CASE
from sandbox.site.deployment import ReadyState
from sandbox.world import World


async def _apply(world: World) -> None:
    world.site.preview(FILE_NAME_CASE, branch="feature/header")
    await world.site.settle()


async def _settled(world: World) -> bool:
    return world.site.deployments()[0].state is ReadyState.ERROR and await is_well(world)


async def _heal(_world: World) -> None:
    """Nothing is broken."""


FAULT = Fault(
    name="frontend-preview-failed",
    summary="a preview build of a branch failed; production is untouched",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
