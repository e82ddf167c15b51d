"""A migration has added a column in the usual way; PostgREST loaded the schema again."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

JOBS = 40


async def _apply(world: World) -> None:
    await world.postgres.execute("ALTER TABLE webhook_events ADD COLUMN source_ip inet")
    await world.producer.order("burst", count=JOBS, mix={"kommo:webhook": 1.0})


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, "Job completed: kommo:webhook", times=JOBS) and await world.is_healthy()


async def _heal(world: World) -> None:
    await world.postgres.execute("ALTER TABLE webhook_events DROP COLUMN source_ip")


FAULT = Fault(
    name="database-column-added",
    summary="a migration added a column to webhook_events, jobs go on",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
