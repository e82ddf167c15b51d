"""Outages of a vendor: something real is broken, and the vendor's status page says so too."""

from __future__ import annotations

from dataclasses import replace

from sandbox.faults.fault import Fault
from sandbox.vendors.status_pages import Impact
from sandbox.world import World


def outage(broken: Fault, *, vendor: str, title: str, summary: str, row: str) -> Fault:
    """`broken` together with an incident on the page of `vendor`. Whoever heals it clears the page."""
    name = f"provider-{vendor}-outage"

    async def apply(world: World) -> None:
        # What `broken` listens for, it listens for under its own name.
        world.mark(broken.name)
        world.status_pages.write(vendor, title, Impact.MAJOR)
        await broken.apply(world)

    async def heal(world: World) -> None:
        world.status_pages.clear(vendor)
        await broken.heal(world)

    return replace(
        broken,
        name=name,
        summary=summary,
        cause=f"provider.{vendor}_outage",
        row=row,
        control="provider-incident-elsewhere",
        apply=apply,
        heal=heal,
    )
