"""The same release was deployed again; the old replicas finished their jobs."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World


async def _apply(world: World) -> None:
    await world.host.redeploy()
    await world.host.settle()


async def _settled(world: World) -> bool:
    return await world.is_healthy()


async def _heal(_world: World) -> None:
    """Nothing is broken."""


FAULT = Fault(
    name="worker-redeployed",
    summary="the worker was redeployed gracefully",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
