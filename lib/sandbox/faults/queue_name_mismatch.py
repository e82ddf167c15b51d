"""The worker listens on another queue than the one jobs are added to."""

from __future__ import annotations

from sandbox.faults.variables import variable_fault
from sandbox.world import World


async def _settled(world: World) -> bool:
    return await world.backlog() >= 3 and await world.is_healthy()


FAULT = variable_fault(
    name="queue-name-mismatch",
    summary="the worker's JOB_QUEUE_NAME is not the queue jobs are added to",
    cause="queue.name_mismatch",
    row="1.12",
    control="queue-quiet",
    values=lambda _world: {"JOB_QUEUE_NAME": "agent-tasks"},
    settled=_settled,
)
