"""Several vendors tell of incidents, in regions and products that are not ours."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.vendors.status_pages import Impact
from sandbox.world import World

_NOTICES = {
    "vercel": ("Builds delayed in sfo1", Impact.MINOR),
    "railway": ("Networking degraded in us-west2", Impact.MAJOR),
    "supabase": ("Projects in ap-south-1 unavailable", Impact.CRITICAL),
    "upstash": ("QStash deliveries delayed", Impact.MAJOR),
    "openrouter": ("One provider answers slowly", Impact.MAJOR),
}


async def _apply(world: World) -> None:
    for vendor, (title, impact) in _NOTICES.items():
        world.status_pages.write(vendor, title, impact)


async def _settled(world: World) -> bool:
    return await world.is_healthy()


async def _heal(world: World) -> None:
    for vendor in _NOTICES:
        world.status_pages.clear(vendor)


FAULT = Fault(
    name="provider-incident-elsewhere",
    summary="five vendors tell of incidents, and our systems are well",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
