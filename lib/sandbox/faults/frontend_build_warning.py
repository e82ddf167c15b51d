"""The newest commit builds with warnings, and works."""

from __future__ import annotations

from sandbox.faults.site import frontend_release_fault, is_well
from sandbox.frontend.releases import WARNED
from sandbox.world import World


async def _settled(world: World) -> bool:
    serving = world.site.serving
    return serving is not None and serving.release is WARNED and await is_well(world)


FAULT = frontend_release_fault(
    name="frontend-build-warning",
    summary="the newest build of the frontend printed warnings and serves well",
    cause="none",
    release=WARNED,
    settled=_settled,
)
