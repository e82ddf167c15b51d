"""The same release was deployed again, and serves."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.site import is_well, redeploy
from sandbox.world import World


async def _apply(world: World) -> None:
    await redeploy(world.site)


async def _settled(world: World) -> bool:
    return await is_well(world)


async def _heal(_world: World) -> None:
    """Nothing is broken."""


FAULT = Fault(
    name="frontend-redeployed",
    summary="the frontend was redeployed and serves well",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
