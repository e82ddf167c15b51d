"""The frontend's variables, changed as a person does on Vercel's page: set, then deployed."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.faults.site import HEALTH, look, redeploy, restore_variables
from sandbox.world import World

PUBLIC_KEY = "NEXT_PUBLIC_SUPABASE_ANON_KEY"
SERVICE_KEY = "SUPABASE_SERVICE_ROLE_KEY"
DATABASE_HEALTH = "/api/health/db"


async def change(world: World, owner: str, values: Mapping[str, str]) -> None:
    """Deploy other values, and remember what they were."""
    world.memory.setdefault(f"{owner}:site", world.site.variables.snapshot())
    world.site.variables.set(values)
    await redeploy(world.site)


async def restore(world: World, owner: str) -> None:
    """Deploy what was there before a fault."""
    await restore_variables(world, f"{owner}:site")


async def health_says(world: World, text: str, path: str = HEALTH) -> bool:
    """Whether one of the site's health pages has a text."""
    answer = await look(world, path)
    return answer is not None and text in answer.body.decode(errors="replace")
