"""A column that the release writes is not there: a migration was skipped."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

FAILURES = 15


async def _apply(world: World) -> None:
    await world.postgres.execute("ALTER TABLE webhook_events DROP COLUMN processing_started_at")
    await world.producer.order("burst", count=2 * FAILURES, mix={"kommo:webhook": 1.0})


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, "PGRST204", times=FAILURES)


async def _heal(world: World) -> None:
    await world.postgres.execute("ALTER TABLE webhook_events ADD COLUMN processing_started_at timestamptz")


FAULT = Fault(
    name="database-column-missing",
    summary="webhook_events lacks the column processing_started_at; kommo:webhook jobs fail",
    cause="database.schema_missing",
    row="4.06",
    control="database-column-added",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
