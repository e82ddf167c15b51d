"""The frontend's variables, changed as a person does on Vercel's page: set, then deployed."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.world import World

PUBLIC_KEY = "NEXT_PUBLIC_SUPABASE_ANON_KEY"
SERVICE_KEY = "SUPABASE_SERVICE_ROLE_KEY"


async def change(world: World, owner: str, values: Mapping[str, str]) -> None:
    """Deploy other values, and remember what they were."""
    before = world.site.variables.values()
    world.memory[f"{owner}:site"] = {name: before[name] for name in values}
    world.site.variables.set(dict(values))
    world.site.deploy()
    await world.site.settle()


async def restore(world: World, owner: str) -> None:
    """Deploy what was there before a fault."""
    before = world.memory.pop(f"{owner}:site", None)
    if before is not None:
        world.site.variables.set(before)
        world.site.deploy()
        await world.site.settle()


async def health_says(world: World, text: str, path: str = "/api/health") -> bool:
    """Whether one of the site's health pages has a text."""
    answer = await world.traffic.request(world.traffic.visitors[0], "GET", path)
    return answer is not None and text in answer.body.decode(errors="replace")
