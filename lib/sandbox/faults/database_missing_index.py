"""A migration dropped an index; the report of a large customer runs into the statement timeout."""

from __future__ import annotations

from sandbox.faults import database_growth
from sandbox.faults.fault import Fault
from sandbox.world import World

FAILURES = 3


async def _apply(world: World) -> None:
    await database_growth.grow(world)
    await world.postgres.execute(f"DROP INDEX {database_growth.INDEX}")
    await world.producer.order(
        "burst", count=FAILURES, mix={database_growth.REPORT: 1.0}, extras=database_growth.EXTRAS
    )


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, "canceling statement due to statement timeout", times=FAILURES)


async def _heal(world: World) -> None:
    await world.postgres.execute(f"CREATE INDEX {database_growth.INDEX} ON knowledge_graph_relationships (source_id)")
    await database_growth.shrink(world)


FAULT = Fault(
    name="database-missing-index",
    summary="an index is gone; generate-report jobs of a large customer run into the timeout",
    cause="database.slow_queries",
    row="4.10",
    control="database-large-tables",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
