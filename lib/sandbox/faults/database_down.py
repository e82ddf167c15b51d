"""The database server is stopped."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

WORDS = "PGRST002"
FAILURES = 30


async def _apply(world: World) -> None:
    await world.postgres.stop()
    await world.producer.order("burst", count=2 * FAILURES)


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, WORDS, times=FAILURES)


async def _heal(world: World) -> None:
    await world.postgres.start()


FAULT = Fault(
    name="database-down",
    summary="the database does not answer; every job that needs it fails",
    cause="database.down",
    row="4.01",
    control="database-restarted",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
