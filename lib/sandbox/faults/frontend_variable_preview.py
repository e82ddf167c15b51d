"""A variable nobody needs in production was limited to previews."""

from __future__ import annotations

from sandbox.faults.site import frontend_variable_fault, is_well
from sandbox.world import World


def _change(world: World) -> None:
    world.site.variables.set({"LOG_SAMPLE_RATE": "0.1"})
    world.site.variables.limit("LOG_SAMPLE_RATE", "preview")


async def _settled(world: World) -> bool:
    return await is_well(world)


FAULT = frontend_variable_fault(
    name="frontend-variable-preview",
    summary="an optional variable of the frontend was added for previews only",
    cause="none",
    change=_change,
    settled=_settled,
)
