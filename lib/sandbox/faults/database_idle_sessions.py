"""A third of the connection slots is taken by idle sessions; there is room."""

from __future__ import annotations

from sandbox.faults import database_sessions
from sandbox.faults.fault import Fault
from sandbox.world import World

SESSIONS = 20
JOBS = 60


async def _apply(world: World) -> None:
    await database_sessions.hold(world, FAULT.name, most=SESSIONS)
    await world.producer.order("burst", count=JOBS)


async def _settled(world: World) -> bool:
    is_over = world.heard(FAULT.name, "Job completed", times=JOBS) and await world.backlog() == 0
    return is_over and await world.is_healthy()


async def _heal(world: World) -> None:
    await database_sessions.release(world, FAULT.name)


FAULT = Fault(
    name="database-idle-sessions",
    summary="twenty idle sessions beside the usual ones, jobs go on",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
