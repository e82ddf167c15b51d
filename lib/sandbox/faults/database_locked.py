"""A session holds a table and does not let go: jobs that write to it run into the statement timeout."""

from __future__ import annotations

from psycopg import AsyncConnection

from sandbox.faults.fault import Fault
from sandbox.world import World

FAILURES = 20
"""More than one in twenty of the newest two hundred attempts: the failed share is critical at any moment."""


async def _apply(world: World) -> None:
    session = await AsyncConnection.connect(world.postgres.dsn, application_name="migration")
    world.parts.push_async_callback(session.close)
    world.memory[FAULT.name] = session
    await session.execute("LOCK TABLE webhook_events IN ACCESS EXCLUSIVE MODE")
    await world.producer.order("burst", count=FAILURES, mix={"kommo:webhook": 1.0})


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, "canceling statement due to statement timeout", times=FAILURES)


async def _heal(world: World) -> None:
    session: AsyncConnection = world.memory.pop(FAULT.name)
    await session.close()


FAULT = Fault(
    name="database-locked",
    summary="a forgotten session holds the table webhook_events; kommo:webhook jobs run into the timeout",
    cause="database.lock_contention",
    row="4.10",
    control="database-backup",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
