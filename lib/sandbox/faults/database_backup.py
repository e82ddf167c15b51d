"""A backup reads every table in one long transaction; its locks stand in nobody's way."""

from __future__ import annotations

from psycopg import AsyncConnection

from sandbox.faults.fault import Fault
from sandbox.world import World

JOBS = 60


async def _apply(world: World) -> None:
    session = await AsyncConnection.connect(world.postgres.dsn, application_name="pg_dump")
    world.parts.push_async_callback(session.close)
    world.memory[FAULT.name] = session
    await session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    await session.execute("SELECT count(*) FROM webhook_events, job_status, usage_daily")
    await world.producer.order("burst", count=JOBS)


async def _settled(world: World) -> bool:
    is_over = world.heard(FAULT.name, "Job completed", times=JOBS) and await world.backlog() == 0
    return is_over and await world.is_healthy()


async def _heal(world: World) -> None:
    session: AsyncConnection = world.memory.pop(FAULT.name)
    await session.close()


FAULT = Fault(
    name="database-backup",
    summary="a backup keeps a long transaction open over every table, jobs go on",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
