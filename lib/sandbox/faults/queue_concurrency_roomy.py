"""The queue limits active jobs to more than there are slots."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World


async def _apply(world: World) -> None:
    await world.producer.order("concurrency", limit=4 * world.slots)
    await world.producer.order("burst", count=20)


async def _settled(world: World) -> bool:
    return await world.backlog() == 0 and await world.is_healthy()


async def _heal(world: World) -> None:
    await world.producer.order("concurrency")


FAULT = Fault(
    name="queue-concurrency-roomy",
    summary="a global concurrency is set, four times the slots there are",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
