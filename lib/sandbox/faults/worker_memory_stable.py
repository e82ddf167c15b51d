"""A few jobs load much and are done with it."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World


async def _apply(world: World) -> None:
    mix, extras = {"fine-tune-model": 1.0}, {"fine-tune-model": {"sampleMegabytes": 24}}
    await world.producer.order("burst", count=4, mix=mix, extras=extras)


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, "Job completed: fine-tune-model") and await world.is_healthy()


async def _heal(_world: World) -> None:
    """Nothing is broken."""


FAULT = Fault(
    name="worker-memory-stable",
    summary="a few jobs took much memory, well below the limit",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
