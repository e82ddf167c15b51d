"""OpenRouter thinks for longer than the site waits: conversations fail after half a minute, all else is well."""

from __future__ import annotations

import asyncio

from sandbox.faults.browsers import forget, reported
from sandbox.faults.fault import Fault
from sandbox.faults.upstream import KNOWLEDGE
from sandbox.producer.jobs import MIX
from sandbox.site.traffic import Visitor
from sandbox.world import World

THINKING_S = 33.0
LIMIT_S = 60.0
"""Function limit of Vercel's paid plan; with a shorter one the edge answers before the site gives up."""
VISITORS = 14
TITLE = "timed out after 30 seconds"


async def _apply(world: World) -> None:
    world.memory[FAULT.name] = world.site_edge.limit_s
    world.openrouter.thinking_s = THINKING_S
    world.site_edge.limit_s = LIMIT_S
    # An hour without knowledge graphs: their jobs would wait for the same answers.
    await world.producer.order("pace", mix={name: weight for name, weight in MIX.items() if name != KNOWLEDGE})
    visits = [asyncio.create_task(_converse(world, number)) for number in range(VISITORS)]
    for visit in visits:
        world.parts.callback(visit.cancel)


async def _converse(world: World, number: int) -> None:
    """Log in, then begin a conversation and lose patience before the site does."""
    visitor = Visitor(address=f"198.51.100.{100 + number}")
    await world.traffic.log_in(visitor)
    await world.traffic.request(visitor, "POST", "/api/conversations", body=world.traffic.conversation())


async def _settled(world: World) -> bool:
    return reported(world, TITLE) >= VISITORS - 2


async def _heal(world: World) -> None:
    world.openrouter.thinking_s = 0.0
    world.site_edge.limit_s = world.memory.pop(FAULT.name)
    forget(world, TITLE)
    await world.usual_traffic()


FAULT = Fault(
    name="errors-upstream-timeouts",
    summary="OpenRouter takes longer than the thirty seconds the site waits; only conversations fail",
    cause="errors.transient_upstream",
    row="5.04",
    control="openrouter-hiccup",
    apply=_apply,
    settled=_settled,
    heal=_heal,
    within_s=75.0,
)
