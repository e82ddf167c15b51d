"""A quiet hour: few requests, and one of them failed. The share is 5 %, and it means nothing."""

from __future__ import annotations

from sandbox.faults.browsers import reported
from sandbox.faults.fault import Fault
from sandbox.faults.upstream import KNOWLEDGE
from sandbox.producer.jobs import MIX
from sandbox.site.traffic import Visitor
from sandbox.vendors.openrouter import OpenRouterMode
from sandbox.world import World

SELDOM_PER_S = 0.1
VISITOR = Visitor(address="198.51.100.90")
TITLE = "OpenRouter API error: 503"


async def _apply(world: World) -> None:
    world.memory[FAULT.name] = world.traffic.per_s
    world.traffic.per_s = SELDOM_PER_S
    # No knowledge graphs meanwhile: their jobs would meet the same refusal.
    await world.producer.order("pace", mix={name: weight for name, weight in MIX.items() if name != KNOWLEDGE})
    await world.traffic.log_in(VISITOR)
    world.openrouter.mode = OpenRouterMode.DOWN
    await world.traffic.request(VISITOR, "POST", "/api/conversations", body=world.traffic.conversation())
    world.openrouter.mode = OpenRouterMode.OK


async def _settled(world: World) -> bool:
    return reported(world, TITLE) >= 1 and await world.is_healthy()


async def _heal(world: World) -> None:
    world.traffic.per_s = world.memory.pop(FAULT.name)
    await world.usual_traffic()


FAULT = Fault(
    name="errors-low-traffic",
    summary="few visitors, and one conversation failed because OpenRouter refused one call",
    cause="none",
    row="5.09",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
