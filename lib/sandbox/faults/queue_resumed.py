"""The queue was paused for a moment and has caught up."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World


async def _apply(world: World) -> None:
    await world.producer.order("pause")

    async def has_piled_up() -> bool:
        return await world.count("paused") >= 3

    await world.producer.order("burst", count=5)
    await world.eventually("a small pile", has_piled_up)
    await world.producer.order("resume")


async def _settled(world: World) -> bool:
    return await world.backlog() == 0 and await world.is_healthy()


async def _heal(_world: World) -> None:
    """Nothing is broken."""


FAULT = Fault(
    name="queue-resumed",
    summary="the queue was paused, resumed, and has caught up",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
