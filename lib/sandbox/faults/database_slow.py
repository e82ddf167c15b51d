"""Every write takes long in the database: all jobs become slow, none fails."""

from __future__ import annotations

from sandbox.faults import slow_writes
from sandbox.faults.fault import Fault
from sandbox.world import World

LENGTHS = 6.0
"""How many usual job lengths one write takes …"""
LONGEST_S = 6.0
"""… and no longer than this: it shall be slow, not run into the statement timeout."""
BACKLOG_JOBS = 700


async def _apply(world: World) -> None:
    await slow_writes.ordinary_hour(world, FAULT.name)
    await slow_writes.begin(world, min(LENGTHS * world.plan.job_seconds, LONGEST_S))
    await world.producer.order("burst", count=BACKLOG_JOBS, mix=dict.fromkeys(slow_writes.COMMON, 1.0))


async def _settled(world: World) -> bool:
    return slow_writes.have_ended(world, FAULT.name) and await world.backlog() > 500


async def _heal(world: World) -> None:
    await slow_writes.end(world)


FAULT = Fault(
    name="database-slow",
    summary="every write takes seconds in the database; jobs finish late and the queue grows",
    cause="database.slow_queries",
    row="2.02",
    control="database-slightly-slow",
    apply=_apply,
    settled=_settled,
    heal=_heal,
    within_s=90.0,
)
