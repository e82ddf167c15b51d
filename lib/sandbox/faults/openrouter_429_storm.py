"""OpenRouter refuses everything at a busy hour: hundreds of retries wait in back-off."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.upstream import BUSY_MIX, KNOWLEDGE
from sandbox.vendors.openrouter import OpenRouterMode
from sandbox.world import World

JOBS = 900
RETRIES = {"attempts": 5, "backoff": {"type": "exponential", "delay": 20_000}}
IN_BACK_OFF = 600


async def _apply(world: World) -> None:
    world.openrouter.mode = OpenRouterMode.RATE_LIMITED
    await world.producer.order("pace", mix=BUSY_MIX)
    await world.producer.order("burst", count=JOBS, mix={KNOWLEDGE: 1.0}, options=RETRIES)


async def _settled(world: World) -> bool:
    return await world.count("delayed") > IN_BACK_OFF and world.heard(FAULT.name, "LLM API error: 429", times=100)


async def _heal(world: World) -> None:
    world.openrouter.mode = OpenRouterMode.OK
    await world.usual_traffic()
    await world.discard(KNOWLEDGE)


FAULT = Fault(
    name="openrouter-429-storm",
    summary="OpenRouter answers 429 at a busy hour: hundreds of jobs wait in back-off, few in the queue",
    cause="openrouter.rate_limited",
    row="2.03",
    control="openrouter-hiccup",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
