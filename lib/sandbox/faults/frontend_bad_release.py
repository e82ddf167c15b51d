"""A release builds and dies of a missing module whenever its function is started."""

from __future__ import annotations

from sandbox.faults.site import READY, edge_code, frontend_release_fault
from sandbox.frontend.releases import CLIENT_AT_IMPORT
from sandbox.world import World


async def _settled(world: World) -> bool:
    return await edge_code(world, READY) == "FUNCTION_INVOCATION_FAILED"


FAULT = frontend_release_fault(
    name="frontend-bad-release",
    summary="the release that serves imports a module that is not in the bundle: every invocation fails",
    cause="frontend.bad_release",
    row="3.02",
    control="frontend-redeployed",
    release=CLIENT_AT_IMPORT,
    settled=_settled,
)
