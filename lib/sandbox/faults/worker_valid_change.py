"""A variable of the worker was changed, to something sensible."""

from __future__ import annotations

from sandbox.faults.variables import variable_fault
from sandbox.world import World


async def _settled(world: World) -> bool:
    return await world.is_healthy()


FAULT = variable_fault(
    name="worker-valid-change",
    summary="JOB_CONCURRENCY was changed from 25 to 10, which is enough",
    cause="none",
    values=lambda _world: {"JOB_CONCURRENCY": "10"},
    settled=_settled,
)
