"""The same large customer with the index in its place."""

from __future__ import annotations

from sandbox.faults import database_growth
from sandbox.faults.fault import Fault
from sandbox.world import World

JOBS = 30


async def _apply(world: World) -> None:
    await database_growth.grow(world)
    await world.producer.order("burst", count=JOBS, mix={database_growth.REPORT: 1.0}, extras=database_growth.EXTRAS)


async def _settled(world: World) -> bool:
    is_over = world.heard(FAULT.name, f"Job completed: {database_growth.REPORT}", times=JOBS)
    return is_over and await world.backlog() == 0 and await world.is_healthy()


async def _heal(world: World) -> None:
    await database_growth.shrink(world)


FAULT = Fault(
    name="database-large-tables",
    summary="a customer's knowledge graph is large and indexed, jobs go on",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
