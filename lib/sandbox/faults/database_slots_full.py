"""Every connection slot of the server is taken by an export that leaks sessions; PostgREST cannot come back in."""

from __future__ import annotations

from sandbox.faults import database_sessions
from sandbox.faults.fault import Fault
from sandbox.world import World

FAILURES = 20
MORE_THAN_ALL = 100


async def _apply(world: World) -> None:
    await database_sessions.hold(world, FAULT.name, most=MORE_THAN_ALL)

    async def has_lost_its_own() -> bool:
        """PostgREST renews its connections now and then; the export is quicker."""
        await world.project.drop_rest_connections()
        await database_sessions.hold(world, FAULT.name, most=MORE_THAN_ALL)
        return world.project.rest.schema is None

    await world.eventually("PostgREST losing its connections", has_lost_its_own)
    await world.producer.order("burst", count=2 * FAILURES)


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, "PGRST002", times=FAILURES)


async def _heal(world: World) -> None:
    await database_sessions.release(world, FAULT.name)


FAULT = Fault(
    name="database-slots-full",
    summary="a leaking export holds all connection slots of the database; the REST API cannot connect",
    cause="database.slots_full",
    row="4.09",
    control="database-idle-sessions",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
