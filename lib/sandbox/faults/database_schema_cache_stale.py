"""A late migration has added the column, and PostgREST was not told: event triggers were off, as in a restore."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

FAILURES = 15
COLUMN = "processing_started_at"


async def _apply(world: World) -> None:
    await world.postgres.execute(f"ALTER TABLE webhook_events DROP COLUMN {COLUMN}")

    async def is_seen() -> bool:
        schema = world.project.rest.schema
        return schema is not None and COLUMN not in schema.tables["webhook_events"].columns

    await world.eventually("PostgREST seeing the old schema", is_seen)
    silent = "SET event_triggers = off"
    await world.postgres.execute(silent, f"ALTER TABLE webhook_events ADD COLUMN {COLUMN} timestamptz")
    await world.producer.order("burst", count=2 * FAILURES, mix={"kommo:webhook": 1.0})


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, "PGRST204", times=FAILURES)


async def _heal(world: World) -> None:
    await world.postgres.execute("NOTIFY pgrst, 'reload schema'")


FAULT = Fault(
    name="database-schema-cache-stale",
    summary="the column processing_started_at exists, PostgREST does not know it; kommo:webhook jobs fail",
    cause="database.schema_missing",
    row="4.07",
    control="database-column-added",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
