"""A few files are parsed in-process, each in a moment."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World


async def _apply(world: World) -> None:
    mix, extras = {"process-bulk-data": 1.0}, {"process-bulk-data": {"parseSeconds": 0.15}}
    await world.producer.order("burst", count=6, mix=mix, extras=extras)


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, "Job completed: process-bulk-data") and await world.is_healthy()


async def _heal(_world: World) -> None:
    """Nothing is broken."""


FAULT = Fault(
    name="worker-loop-busy-briefly",
    summary="a few jobs blocked the event loop for a moment each",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
