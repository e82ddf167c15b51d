"""A migration has renamed a table and left a view under its old name."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World


async def _apply(world: World) -> None:
    await world.postgres.execute(
        "BEGIN",
        "ALTER TABLE webhook_events RENAME TO webhook_events_v2",
        "CREATE VIEW webhook_events AS SELECT * FROM webhook_events_v2",
        "ALTER VIEW webhook_events ALTER COLUMN id SET DEFAULT gen_random_uuid()",
        "COMMIT",
    )
    world.mark(FAULT.name)
    await world.producer.order("burst", count=40, mix={"kommo:webhook": 1.0})


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, "Job completed: kommo:webhook", times=40) and await world.is_healthy()


async def _heal(world: World) -> None:
    await world.postgres.execute(
        "BEGIN",
        "DROP VIEW webhook_events",
        "ALTER TABLE webhook_events_v2 RENAME TO webhook_events",
        "COMMIT",
    )


FAULT = Fault(
    name="database-table-renamed",
    summary="a migration renamed webhook_events and left a view in its place",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
