"""The secret that signs sessions was replaced: whoever was logged in is not any more."""

from __future__ import annotations

import asyncio
import secrets

from sandbox.faults.site import frontend_variable_fault, is_well
from sandbox.world import World

LOGGED_OUT = "JWTSessionError"


async def _log_in(world: World) -> None:
    """Who was never logged in cannot be logged out."""
    await asyncio.gather(*(world.traffic.log_in(visitor) for visitor in world.traffic.visitors))


def _change(world: World) -> None:
    world.site.variables.set({"NEXTAUTH_SECRET": secrets.token_urlsafe(32)})


async def _settled(world: World) -> bool:
    rows = world.site.requests.rows
    has_refused = any(LOGGED_OUT in line.text for row in rows[-200:] for line in row.printed)
    return has_refused and await is_well(world)


FAULT = frontend_variable_fault(
    name="frontend-auth-secret-changed",
    summary="NEXTAUTH_SECRET was replaced and deployed: everybody is logged out, the site is healthy",
    cause="frontend.session_secret_changed",
    row="3.05",
    control="frontend-redeployed",
    before=_log_in,
    change=_change,
    settled=_settled,
)
