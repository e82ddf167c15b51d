"""Faults of the frontend: how the site is looked at, and what a person can do wrong on Vercel's pages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sandbox.faults.fault import Fault
from sandbox.frontend.releases import Release
from sandbox.http import Answer, Request, ask
from sandbox.site import Site
from sandbox.world import World

LOOK_WITHIN_S = 3.0
HEALTH, READY, AGENTS = "/api/health", "/api/health/ready", "/api/agents"


async def look(world: World, path: str, *, within_s: float = LOOK_WITHIN_S) -> Answer | None:
    """What the site answers; `None` without an answer in time."""
    headers = {"host": "127.0.0.1", "accept": "*/*", "x-forwarded-for": "198.51.100.1"}
    try:
        async with asyncio.timeout(within_s):
            return await ask(world.site_edge.port, Request(method="GET", target=path, headers=headers))
    except (OSError, EOFError):
        return None


async def status(world: World, path: str) -> int:
    """Status code of the site's answer; 0 without one."""
    answer = await look(world, path)
    return answer.status if answer else 0


async def edge_code(world: World, path: str) -> str:
    """The edge's own code for a failure; empty when the application answered."""
    answer = await look(world, path)
    return answer.headers.get("x-vercel-error", "") if answer else ""


async def is_well(world: World) -> bool:
    """Page, liveness and API answer as on a good day."""
    return [await status(world, path) for path in ("/", READY, AGENTS)] == [200, 200, 200]


def frontend_release_fault(
    *,
    name: str,
    summary: str,
    cause: str,
    release: Release,
    settled: Callable[[World], Awaitable[bool]],
    row: str = "",
    control: str = "",
) -> Fault:
    """A release pushed to production; it heals by pushing the one before."""

    async def apply(world: World) -> None:
        world.memory.setdefault(name, world.site.release)
        world.site.deploy(release)
        await world.site.settle()

    async def heal(world: World) -> None:
        world.site.deploy(world.memory.pop(name))
        await world.site.settle()

    return Fault(
        name=name, summary=summary, cause=cause, row=row, control=control, apply=apply, settled=settled, heal=heal
    )


def frontend_variable_fault(
    *,
    name: str,
    summary: str,
    cause: str,
    change: Callable[[World], None],
    settled: Callable[[World], Awaitable[bool]],
    before: Callable[[World], Awaitable[None]] | None = None,
    row: str = "",
    control: str = "",
) -> Fault:
    """Variables changed and deployed; it heals by putting them back and deploying again.

    `before` brings the site to where the change will be noticed.
    """

    async def apply(world: World) -> None:
        if before is not None:
            await before(world)
        world.memory.setdefault(name, world.site.variables.snapshot())
        change(world)
        await redeploy(world.site)

    async def heal(world: World) -> None:
        await restore_variables(world, name)

    return Fault(
        name=name, summary=summary, cause=cause, row=row, control=control, apply=apply, settled=settled, heal=heal
    )


async def redeploy(site: Site) -> None:
    """Build what serves again with the variables of now, and wait until it serves."""
    serving = site.serving
    assert serving is not None
    site.redeploy(serving)
    await site.settle()


async def restore_variables(world: World, name: str) -> None:
    """Give the frontend back the variables it had before a fault."""
    snapshot = world.memory.pop(name, None)
    if snapshot is not None:
        world.site.variables.restore(snapshot)
        await redeploy(world.site)
