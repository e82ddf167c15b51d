"""JOB_CONCURRENCY was doubled, and the jobs fit."""

from sandbox.faults.variables import variable_fault
from sandbox.world import World


async def _settled(world: World) -> bool:
    return await world.backlog() == 0 and await world.is_healthy()


FAULT = variable_fault(
    name="concurrency-doubled",
    summary="JOB_CONCURRENCY was raised to 50 and the replicas have the memory for it",
    cause="none",
    values=lambda _world: {"JOB_CONCURRENCY": "50"},
    settled=_settled,
)
