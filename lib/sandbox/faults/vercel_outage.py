"""Vercel's edge is out of order: nothing is looked up, served or invoked, not even files. Its status page says so."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.site import status
from sandbox.vendors.status_pages import Impact
from sandbox.world import World


async def _apply(world: World) -> None:
    world.site_edge.is_out_of_order = True
    world.status_pages.write("vercel", "Edge Network: elevated errors", Impact.CRITICAL)


async def _settled(world: World) -> bool:
    return await status(world, "/robots.txt") == 500


async def _heal(world: World) -> None:
    world.site_edge.is_out_of_order = False
    world.status_pages.clear("vercel")


FAULT = Fault(
    name="vercel-outage",
    summary="Vercel's edge answers every request with 500, files included",
    cause="provider.vercel_outage",
    row="3.09",
    control="provider-incident-elsewhere",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
