"""Somebody paused the queue and forgot."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World


async def _apply(world: World) -> None:
    await world.producer.order("pause")


async def _settled(world: World) -> bool:
    return await world.count("paused") > 0 and await world.count("wait") == 0


async def _heal(world: World) -> None:
    await world.producer.order("resume")


FAULT = Fault(
    name="queue-paused",
    summary="the queue is paused; jobs pile up in `paused`, workers idle",
    cause="queue.paused",
    row="1.11",
    control="queue-resumed",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
