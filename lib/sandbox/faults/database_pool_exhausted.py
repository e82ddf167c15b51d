"""Too many slow requests at once: they hold every connection of PostgREST, and others wait in vain."""

from __future__ import annotations

from sandbox.data.rest import POOL_SIZE
from sandbox.faults import database_clients
from sandbox.faults.fault import Fault
from sandbox.world import World

CLIENTS = 2 * POOL_SIZE
FAILURES = 20


async def _apply(world: World) -> None:
    await database_clients.prepare_reports(world)
    database_clients.start(world, FAULT.name, count=CLIENTS, work=database_clients.reporting(world))
    await world.producer.order("burst", count=3 * FAILURES)


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, "PGRST003", times=FAILURES)


async def _heal(world: World) -> None:
    await database_clients.stop(world, FAULT.name)
    await database_clients.remove_reports(world)


FAULT = Fault(
    name="database-pool-exhausted",
    summary="a reporting script holds all connections of the REST API; jobs time out waiting for one",
    cause="database.pool_exhausted",
    row="4.08",
    control="database-reports-running",
    apply=_apply,
    settled=_settled,
    heal=_heal,
    within_s=60.0,
)
