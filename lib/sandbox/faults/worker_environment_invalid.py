"""A variable of the worker has a value its validation refuses."""

from __future__ import annotations

from sandbox.faults.deployments import has_crashed
from sandbox.faults.variables import variable_fault
from sandbox.world import World


async def _settled(world: World) -> bool:
    return await has_crashed(world)


FAULT = variable_fault(
    name="worker-environment-invalid",
    summary="JOB_CONCURRENCY=0: the worker refuses to start",
    cause="worker.environment_invalid",
    row="1.08",
    control="worker-valid-change",
    values=lambda _world: {"JOB_CONCURRENCY": "0"},
    settled=_settled,
)
