"""A new public key was issued and the frontend built with it; the old one is still in force."""

from __future__ import annotations

from sandbox.faults import database_site
from sandbox.faults.fault import Fault
from sandbox.world import World


async def _apply(world: World) -> None:
    world.memory[FAULT.name] = world.project.keys.issue("anon", "renewed")
    values = dict.fromkeys((database_site.PUBLIC_KEY, "SUPABASE_ANON_KEY"), world.memory[FAULT.name])
    await database_site.change(world, FAULT.name, values)
    world.settings["SUPABASE_ANON_KEY"] = world.memory[FAULT.name]


async def _settled(world: World) -> bool:
    return await database_site.health_says(world, '"database":"ok"') and await world.is_healthy()


async def _heal(world: World) -> None:
    await database_site.restore(world, FAULT.name)
    world.settings["SUPABASE_ANON_KEY"] = world.project.anon_key
    world.project.keys.revoke(world.memory.pop(FAULT.name))


FAULT = Fault(
    name="database-anon-key-renewed",
    summary="the frontend was built with a new public key of the project",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
