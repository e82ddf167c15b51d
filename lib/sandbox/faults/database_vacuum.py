"""A vacuum takes its time over a large table; nobody waits for it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from psycopg import AsyncConnection, Error

from sandbox.faults import database_growth
from sandbox.faults.fault import Fault
from sandbox.world import World

JOBS = 60
GENTLE = "SET vacuum_cost_delay = '100ms'", "SET vacuum_cost_limit = 1"


async def _apply(world: World) -> None:
    await database_growth.grow(world)
    session = await AsyncConnection.connect(world.postgres.dsn, autocommit=True, application_name="vacuum")
    world.parts.push_async_callback(session.close)
    for setting in GENTLE:
        await session.execute(setting.encode())
    vacuum = asyncio.create_task(_vacuum(session))
    world.parts.callback(vacuum.cancel)
    world.memory[FAULT.name] = vacuum
    await world.producer.order("burst", count=JOBS)


async def _vacuum(session: AsyncConnection) -> None:
    with suppress(Error):
        await session.execute("VACUUM (FREEZE, ANALYZE) knowledge_graph_relationships")


async def _settled(world: World) -> bool:
    is_over = world.heard(FAULT.name, "Job completed", times=JOBS) and await world.backlog() == 0
    return is_over and not world.memory[FAULT.name].done() and await world.is_healthy()


async def _heal(world: World) -> None:
    await world.postgres.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'vacuum'"
    )
    await world.memory.pop(FAULT.name)
    await database_growth.shrink(world)


FAULT = Fault(
    name="database-vacuum",
    summary="a vacuum works through a large table, jobs go on",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
