"""Vercel's edge is out of order: nothing is looked up, served or invoked, not even files."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.site import status
from sandbox.world import World


async def _apply(world: World) -> None:
    world.site_edge.is_out_of_order = True


async def _settled(world: World) -> bool:
    return await status(world, "/robots.txt") == 500


async def _heal(world: World) -> None:
    world.site_edge.is_out_of_order = False


FAULT = Fault(
    name="vercel-outage",
    summary="Vercel's edge answers every request with 500, files included",
    cause="provider.vercel_outage",
    row="3.09",
    control="frontend-redeployed",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
