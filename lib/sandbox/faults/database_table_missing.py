"""A table that the release needs is not there: its migration was not applied."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

FAILURES = 15


async def _apply(world: World) -> None:
    await world.postgres.execute("ALTER TABLE webhook_events RENAME TO webhook_events_before")
    await world.producer.order("burst", count=2 * FAILURES, mix={"kommo:webhook": 1.0})


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, "PGRST205", times=FAILURES)


async def _heal(world: World) -> None:
    await world.postgres.execute("ALTER TABLE webhook_events_before RENAME TO webhook_events")


FAULT = Fault(
    name="database-table-missing",
    summary="the table webhook_events does not exist; kommo:webhook jobs fail",
    cause="database.schema_missing",
    row="4.06",
    control="database-table-renamed",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
