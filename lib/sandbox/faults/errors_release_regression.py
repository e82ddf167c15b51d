"""A release throws on one route, for everybody; the rest of the site is well."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from sandbox.faults.browsers import forget, reported
from sandbox.faults.site import AGENTS, frontend_release_fault, status
from sandbox.frontend.releases import AGENTS_BY_PLAN
from sandbox.world import World

EVENTS = 15
TITLE = "KeyError"


async def _settled(world: World) -> bool:
    visitors = world.traffic.visitors
    await asyncio.gather(*(world.traffic.request(each, "GET", AGENTS) for each in visitors[:6]))
    return await status(world, AGENTS) == 500 and reported(world, TITLE) >= EVENTS


_PUSHED = frontend_release_fault(
    name="errors-release-regression",
    summary="the new release throws on /api/agents for everybody",
    cause="errors.release_regression",
    row="5.01",
    control="frontend-redeployed",
    release=AGENTS_BY_PLAN,
    settled=_settled,
)


async def _heal(world: World) -> None:
    await _PUSHED.heal(world)
    forget(world, TITLE)


FAULT = replace(_PUSHED, heal=_heal)
