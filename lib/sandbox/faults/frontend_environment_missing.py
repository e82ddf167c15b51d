"""A variable that the server code needs was deleted, and the site deployed without it."""

from __future__ import annotations

from sandbox.faults.site import READY, frontend_variable_fault, look, status
from sandbox.world import World

NAME = "SUPABASE_SERVICE_ROLE_KEY"


async def _settled(world: World) -> bool:
    answer = await look(world, "/api/agents")
    is_told = answer is not None and f"environment validation failed: {NAME}".encode() in answer.body
    return is_told and await status(world, "/") == 500 and await status(world, READY) == 200


FAULT = frontend_variable_fault(
    name="frontend-environment-missing",
    summary=f"{NAME} is not set for production: pages and API answer 500, the health pages 200",
    cause="frontend.environment_missing",
    row="3.03",
    control="frontend-variable-preview",
    change=lambda world: world.site.variables.remove(NAME),
    settled=_settled,
)
