"""The model provider takes its time; jobs last longer and finish."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.upstream import BUSY_MIX, KNOWLEDGE, think
from sandbox.world import World


async def _apply(world: World) -> None:
    # Longer by a good deal, and not by so much that the slots no longer suffice.
    think(world, 1.5 + 2 * world.plan.job_seconds)
    await world.producer.order("pace", mix=BUSY_MIX)


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, f"Job completed: {KNOWLEDGE}") and await world.is_healthy()


async def _heal(world: World) -> None:
    think(world, 0.0)
    await world.usual_traffic()


FAULT = Fault(
    name="jobs-slow-but-finishing",
    summary="OpenRouter is slow; its jobs take several times longer and finish",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
