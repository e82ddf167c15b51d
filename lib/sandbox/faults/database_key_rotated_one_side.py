"""The secret key was rotated; frontend and operator were told, the worker was not."""

from __future__ import annotations

from sandbox.faults import database_key_rotation, database_site
from sandbox.faults.fault import Fault
from sandbox.world import World

FAILURES = 30


async def _apply(world: World) -> None:
    await database_key_rotation.rotate(world, FAULT.name, tell_worker=False)
    await world.producer.order("burst", count=2 * FAILURES)


async def _settled(world: World) -> bool:
    is_refused = world.heard(FAULT.name, "Invalid API key", times=FAILURES)
    return is_refused and await database_site.health_says(world, '"healthy":true', database_site.DATABASE_HEALTH)


async def _heal(world: World) -> None:
    await database_key_rotation.rotate_back(world, FAULT.name)


FAULT = Fault(
    name="database-key-rotated-one-side",
    summary="the secret key was rotated and only Vercel told; the worker's jobs fail",
    cause="database.credentials_rejected",
    row="4.04",
    control="database-key-rotated",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
