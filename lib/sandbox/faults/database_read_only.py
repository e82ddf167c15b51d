"""The database's disk is full: Supabase lets nobody write any more, reads go on."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

SHARE = 0.96
FAILURES = 30


async def _apply(world: World) -> None:
    await world.project.fill_disk(SHARE)
    await world.producer.order("burst", count=2 * FAILURES)


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, "in a read-only transaction", times=FAILURES)


async def _heal(world: World) -> None:
    await world.project.empty_disk()


FAULT = Fault(
    name="database-read-only",
    summary="the disk is 96 % full and the database read-only; every job that writes fails",
    cause="database.read_only",
    row="4.B1",
    control="database-disk-filling",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
