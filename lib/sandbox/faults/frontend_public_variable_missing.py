"""A public variable was missing when the site was built: it is missing in the bundle."""

from __future__ import annotations

from sandbox.faults.site import HEALTH, frontend_variable_fault, look
from sandbox.world import World

NAME = "NEXT_PUBLIC_SUPABASE_URL"


async def lacks_address(world: World) -> bool:
    """Whether the public client of the release that serves has no address."""
    answer = await look(world, HEALTH)
    return answer is not None and answer.status == 200 and b"supabaseUrl is required." in answer.body


FAULT = frontend_variable_fault(
    name="frontend-public-variable-missing",
    summary=f"the release that serves was built without {NAME}: browsers have no database, the API works",
    cause="frontend.public_variable_missing",
    row="3.04",
    control="frontend-redeployed",
    change=lambda world: world.site.variables.remove(NAME),
    settled=lacks_address,
)
