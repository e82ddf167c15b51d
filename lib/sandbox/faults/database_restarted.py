"""The database server was restarted; the jobs that met the gap are done by their retries."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

SINCE = "database-restarted:over"
DONE = 220
"""Jobs that end well before anybody looks: more than a diagnosis reads."""


async def _apply(world: World) -> None:
    await world.postgres.stop()
    await world.postgres.start()
    world.mark(SINCE)
    await world.producer.order("burst", count=DONE + 20)


async def _settled(world: World) -> bool:
    is_over = world.heard(SINCE, "Job completed", times=DONE) and await world.backlog() == 0
    return is_over and await world.count("delayed") == 0 and await world.is_healthy()


async def _heal(_world: World) -> None:
    """Nothing is broken."""


FAULT = Fault(
    name="database-restarted",
    summary="the database was restarted, jobs go on",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
