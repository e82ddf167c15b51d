"""A secret key that no project knows was put into the variables of frontend and worker."""

from __future__ import annotations

from sandbox.data.keys import new_secret_key
from sandbox.faults import database_site
from sandbox.faults.fault import Fault
from sandbox.world import World

FAILURES = 30


async def _apply(world: World) -> None:
    values = {database_site.SERVICE_KEY: new_secret_key()}
    await database_site.change(world, FAULT.name, values)
    await world.change_variables(FAULT.name, values)
    await world.producer.order("burst", count=2 * FAILURES)


async def _settled(world: World) -> bool:
    is_refused = world.heard(FAULT.name, "Invalid API key", times=FAILURES)
    return is_refused and await database_site.health_says(world, "Invalid API key", database_site.DATABASE_HEALTH)


async def _heal(world: World) -> None:
    await database_site.restore(world, FAULT.name)
    await world.restore_variables(FAULT.name)


FAULT = Fault(
    name="database-service-key-wrong",
    summary="frontend and worker have a secret key that Supabase does not know; the health page says ok",
    cause="database.credentials_rejected",
    row="4.03",
    control="database-key-rotated",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
