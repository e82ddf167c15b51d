"""Every write takes a little longer than it did; nobody would notice."""

from __future__ import annotations

from sandbox.faults import slow_writes
from sandbox.faults.fault import Fault
from sandbox.world import World

LENGTHS = 0.2


async def _apply(world: World) -> None:
    await slow_writes.ordinary_hour(world, FAULT.name)
    await slow_writes.begin(world, LENGTHS * world.plan.job_seconds)
    await world.producer.order("burst", count=120, mix=dict.fromkeys(slow_writes.COMMON, 1.0))


async def _settled(world: World) -> bool:
    is_over = slow_writes.have_ended(world, FAULT.name) and await world.backlog() == 0
    return is_over and await world.is_healthy()


async def _heal(world: World) -> None:
    await slow_writes.end(world)


FAULT = Fault(
    name="database-slightly-slow",
    summary="every write takes a fifth of a job's length longer, the queue is empty",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
