"""Nobody adds jobs: there is nothing to do."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World


async def _apply(world: World) -> None:
    await world.producer.order("pace", per_s=0)


async def _settled(world: World) -> bool:
    return await world.backlog() == 0 and await world.is_healthy()


async def _heal(world: World) -> None:
    await world.usual_traffic()


FAULT = Fault(
    name="queue-quiet",
    summary="no jobs arrive and the queue is empty",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
