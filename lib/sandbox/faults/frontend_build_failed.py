"""The newest commit does not build; the release before it goes on serving."""

from __future__ import annotations

from sandbox.faults.site import frontend_release_fault, is_well
from sandbox.frontend.releases import FILE_NAME_CASE
from sandbox.site.deployment import ReadyState
from sandbox.world import World


async def _settled(world: World) -> bool:
    return world.site.deployments()[0].state is ReadyState.ERROR and await is_well(world)


FAULT = frontend_release_fault(
    name="frontend-build-failed",
    summary="the newest build of the frontend failed on a file name's case; users see the release before it",
    cause="frontend.build_failed",
    row="3.01",
    control="frontend-build-warning",
    release=FILE_NAME_CASE,
    settled=_settled,
)
