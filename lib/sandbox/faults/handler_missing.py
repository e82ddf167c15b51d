"""A type of job is added that this release has no handler for."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.producer.jobs import MIX
from sandbox.world import World

ASSET = "process-asset"


async def _apply(world: World) -> None:
    await world.producer.order("pace", mix={**MIX, ASSET: 1.5 * sum(MIX.values())})
    await world.producer.order("burst", count=20, mix={ASSET: 1.0})


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, f"No handler registered for job {ASSET}")


async def _heal(world: World) -> None:
    await world.usual_traffic()
    await world.discard(ASSET)


FAULT = Fault(
    name="handler-missing",
    summary="many process-asset jobs arrive and no handler is registered for them",
    cause="jobs.handler_missing",
    row="1.14",
    control="handler-failing-rarely",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
