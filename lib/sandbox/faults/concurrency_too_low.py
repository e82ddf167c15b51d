"""The worker takes one job at a time, and more arrive."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.producer.jobs import MIX
from sandbox.world import World

OVERLOAD = 1.5
BACKLOG_JOBS = 700
"""What the hours before have left behind."""
ENDED = 4
"""Finished jobs by which their usual length is known, as it is on any day."""


async def _apply(world: World) -> None:
    await world.change_variables(FAULT.name, {"JOB_CONCURRENCY": "1"})
    await world.producer.order("pace", per_s=OVERLOAD * world.capacity_per_s(MIX))
    await world.producer.order("burst", count=BACKLOG_JOBS)


async def _settled(world: World) -> bool:
    is_full = await world.backlog() > 0.8 * BACKLOG_JOBS and await world.count("active") == world.host.replicas()
    return is_full and world.heard(FAULT.name, "Job completed", times=ENDED)


async def _heal(world: World) -> None:
    await world.usual_traffic()
    await world.restore_variables(FAULT.name)


FAULT = Fault(
    name="concurrency-too-low",
    summary="JOB_CONCURRENCY=1 while more jobs arrive than that can do",
    cause="worker.concurrency_too_low",
    row="2.06",
    control="worker-valid-change",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
