"""Many more jobs arrive than all slots can do, most of them long."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.producer.jobs import MIX
from sandbox.world import World

SURGE_MIX = {**MIX, "process-large-file": 6 * sum(MIX.values())}
OVERLOAD = 1.3
BACKLOG_JOBS = 1300
ENDED = 20
"""Finished jobs by which their usual length is known, as it is on any day."""


async def _apply(world: World) -> None:
    per_s = OVERLOAD * world.capacity_per_s(SURGE_MIX)
    await world.producer.order("burst", count=BACKLOG_JOBS, mix=SURGE_MIX)
    await world.producer.order("pace", per_s=per_s, mix=SURGE_MIX)


async def _settled(world: World) -> bool:
    is_full = await world.backlog() > 0.8 * BACKLOG_JOBS and await world.count("active") >= 0.8 * world.slots
    return is_full and world.heard(FAULT.name, "Job completed", times=ENDED)


async def _heal(world: World) -> None:
    await world.usual_traffic()
    await world.discard("process-large-file")


FAULT = Fault(
    name="traffic-surge",
    summary="more jobs arrive than all slots together can do",
    cause="traffic.surge",
    row="2.01",
    control="traffic-peak",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
