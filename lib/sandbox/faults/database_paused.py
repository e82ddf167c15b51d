"""The project was paused: its database is stopped, its gateway answers every request with a page."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

WORDS = "540: Project paused"
FAILURES = 30


async def _apply(world: World) -> None:
    await world.project.pause()
    await world.producer.order("burst", count=2 * FAILURES)


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, WORDS, times=FAILURES)


async def _heal(world: World) -> None:
    if world.project.is_paused:
        await world.project.restore()


FAULT = Fault(
    name="database-paused",
    summary="the Supabase project is paused; every job that needs the database fails",
    cause="database.paused",
    row="4.01",
    control="database-restarted",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
