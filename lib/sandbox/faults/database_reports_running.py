"""A reporting script holds a few connections of PostgREST; there are enough for everybody."""

from __future__ import annotations

from sandbox.data.rest import POOL_SIZE
from sandbox.faults import database_clients
from sandbox.faults.fault import Fault
from sandbox.world import World

CLIENTS = POOL_SIZE // 4
JOBS = 60


async def _apply(world: World) -> None:
    await database_clients.prepare_reports(world)
    database_clients.start(world, FAULT.name, count=CLIENTS, work=database_clients.reporting(world))
    await world.producer.order("burst", count=JOBS)


async def _settled(world: World) -> bool:
    is_over = world.heard(FAULT.name, "Job completed", times=JOBS) and await world.backlog() == 0
    return is_over and await world.is_healthy()


async def _heal(world: World) -> None:
    await database_clients.stop(world, FAULT.name)
    await database_clients.remove_reports(world)


FAULT = Fault(
    name="database-reports-running",
    summary="slow reports use a quarter of the REST API's connections, jobs go on",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
