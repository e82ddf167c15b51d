"""OpenRouter refused one call; the retry went through."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.upstream import KNOWLEDGE
from sandbox.vendors.openrouter import OpenRouterMode
from sandbox.world import World


async def _apply(world: World) -> None:
    world.openrouter.mode = OpenRouterMode.RATE_LIMITED
    await world.producer.order("burst", count=1, mix={KNOWLEDGE: 1.0})

    async def has_refused() -> bool:
        return world.heard(FAULT.name, "LLM API error: 429")

    await world.eventually("one refusal", has_refused)
    world.openrouter.mode = OpenRouterMode.OK
    world.mark(FAULT.name)
    await world.producer.order("burst", count=200, mix={"kommo:webhook": 1.0})


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, "Job completed: extract-knowledge-graph") and await world.is_healthy()


async def _heal(_world: World) -> None:
    """Nothing is broken."""


FAULT = Fault(
    name="openrouter-hiccup",
    summary="OpenRouter refused one call, the retry succeeded",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
