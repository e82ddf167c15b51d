"""The model provider takes its time; jobs last longer and finish."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.upstream import BUSY_MIX, KNOWLEDGE
from sandbox.site.traffic import VISITS
from sandbox.world import World

CHAT = ("POST", "/api/conversations")


async def _apply(world: World) -> None:
    # Longer by a good deal, and not by so much that the slots no longer suffice.
    world.openrouter.thinking_s = 1.5 + 2 * world.plan.job_seconds
    # The site calls it too, and stops sooner than a job does: that would be trouble.
    world.traffic.visits.pop(CHAT, None)
    await world.producer.order("pace", mix=BUSY_MIX)


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, f"Job completed: {KNOWLEDGE}") and await world.is_healthy()


async def _heal(world: World) -> None:
    world.openrouter.thinking_s = 0.0
    world.traffic.visits[CHAT] = VISITS[CHAT]
    await world.usual_traffic()


FAULT = Fault(
    name="jobs-slow-but-finishing",
    summary="OpenRouter is slow; its jobs take several times longer and finish",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
