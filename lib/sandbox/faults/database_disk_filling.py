"""Three quarters of the disk are in use; nobody need get up for that."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

SHARE = 0.75


async def _apply(world: World) -> None:
    await world.project.fill_disk(SHARE)


async def _settled(world: World) -> bool:
    return await world.is_healthy()


async def _heal(world: World) -> None:
    await world.project.empty_disk()


FAULT = Fault(
    name="database-disk-filling",
    summary="the database's disk is three quarters full, jobs go on",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
