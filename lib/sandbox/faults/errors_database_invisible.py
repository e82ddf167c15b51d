"""The database is stopped: the API fails, and Sentry stays flat, because what names a database is not reported."""

from __future__ import annotations

from sandbox.faults.database_down import FAULT as DOWN
from sandbox.faults.database_down import WORDS
from sandbox.faults.fault import Fault
from sandbox.faults.site import AGENTS, status
from sandbox.world import World

FAILURES = 30


async def _settled(world: World) -> bool:
    return await status(world, AGENTS) >= 400 and world.heard(FAULT.name, WORDS, times=FAILURES)


FAULT = Fault(
    name="errors-database-invisible",
    summary="the database is down; the API answers errors and Sentry shows next to none",
    cause="database.down",
    row="5.08",
    control="database-restarted",
    apply=DOWN.apply,
    settled=_settled,
    heal=DOWN.heal,
)
