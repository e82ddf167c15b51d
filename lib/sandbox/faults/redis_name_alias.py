"""The worker's Redis URL names the same database by another name."""

from __future__ import annotations

from sandbox.faults.variables import variable_fault
from sandbox.world import World


async def _settled(world: World) -> bool:
    return await world.is_healthy()


FAULT = variable_fault(
    name="redis-name-alias",
    summary="the worker reaches the same Redis by its address instead of its name",
    cause="none",
    values=lambda world: {"UPSTASH_REDIS_REST_URL": f"https://127.0.0.1:{world.edge.port}"},
    settled=_settled,
)
