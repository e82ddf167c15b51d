"""The secret key was rotated and everybody told before the old one was revoked."""

from __future__ import annotations

from sandbox.faults import database_key_rotation, database_site
from sandbox.faults.fault import Fault
from sandbox.world import World

JOBS = 60


async def _apply(world: World) -> None:
    await database_key_rotation.rotate(world, FAULT.name, tell_worker=True)
    world.mark(FAULT.name)
    await world.producer.order("burst", count=JOBS)


async def _settled(world: World) -> bool:
    is_over = world.heard(FAULT.name, "Job completed", times=JOBS) and await world.backlog() == 0
    return is_over and await database_site.health_says(world, '"healthy":true', database_site.DATABASE_HEALTH)


async def _heal(world: World) -> None:
    await database_key_rotation.rotate_back(world, FAULT.name)


FAULT = Fault(
    name="database-key-rotated",
    summary="the secret key was rotated, on all sides and in time",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
