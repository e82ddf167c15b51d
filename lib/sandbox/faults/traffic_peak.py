"""Three times the usual traffic, well within what the workers can do."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.producer.jobs import MIX
from sandbox.world import World

MOST_SHARE = 0.7


async def _apply(world: World) -> None:
    per_s = min(3 * world.plan.pace_per_s, MOST_SHARE * world.capacity_per_s(MIX))
    await world.producer.order("pace", per_s=per_s)
    await world.producer.order("burst", count=60)


async def _settled(world: World) -> bool:
    return await world.backlog() == 0 and await world.is_healthy()


async def _heal(world: World) -> None:
    await world.usual_traffic()


FAULT = Fault(
    name="traffic-peak",
    summary="more jobs arrive than usual, the workers keep up",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
