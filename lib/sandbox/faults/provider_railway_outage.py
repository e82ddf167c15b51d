"""Railway's edge finds no way to the replicas, and its status page says so."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.vendors.status_pages import Impact
from sandbox.world import World


async def _apply(world: World) -> None:
    world.host.is_routed = False
    world.status_pages.write("railway", "Networking degraded: requests answer 502", Impact.CRITICAL)


async def _settled(world: World) -> bool:
    # The replicas themselves are well: nothing but the way to them is gone.
    return await world.is_healthy()


async def _heal(world: World) -> None:
    world.host.is_routed = True
    world.status_pages.clear("railway")


FAULT = Fault(
    name="provider-railway-outage",
    summary="Railway's edge reaches no replica and its status page tells of an outage",
    cause="provider.railway_outage",
    row="1.08",
    control="provider-incident-elsewhere",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
