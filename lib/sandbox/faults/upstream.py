"""Faults of the model provider: it refuses, and the jobs that need it fail."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.producer.jobs import MIX
from sandbox.site.traffic import VISITS
from sandbox.vendors.openrouter import OpenRouterMode
from sandbox.world import World

KNOWLEDGE = "extract-knowledge-graph"
BUSY_MIX = {**MIX, KNOWLEDGE: 60.0}
"""A day with many knowledge graphs: a third of all jobs needs the provider."""

FAILURES = 15
"""Failed attempts after which nobody would call it a hiccup."""


_CHAT = ("POST", "/api/conversations")


def think(world: World, seconds: float) -> None:
    """OpenRouter thinks for so long about what a job asks. Nobody chats meanwhile: that would be slow too, an alarm."""
    world.openrouter.thinking_s = seconds
    world.traffic.visits[_CHAT] = 0.0 if seconds else VISITS[_CHAT]


def upstream_fault(*, name: str, summary: str, cause: str, mode: OpenRouterMode, status: int) -> Fault:
    """OpenRouter answers everything with `status`."""

    async def apply(world: World) -> None:
        world.openrouter.mode = mode
        await world.producer.order("pace", mix=BUSY_MIX)
        await world.producer.order("burst", count=2 * FAILURES, mix={KNOWLEDGE: 1.0})

    async def settled(world: World) -> bool:
        return world.heard(name, f"LLM API error: {status}", times=FAILURES)

    async def heal(world: World) -> None:
        world.openrouter.mode = OpenRouterMode.OK
        await world.usual_traffic()

    return Fault(
        name=name,
        summary=summary,
        cause=cause,
        row="1.18",
        control="openrouter-hiccup",
        apply=apply,
        settled=settled,
        heal=heal,
    )
