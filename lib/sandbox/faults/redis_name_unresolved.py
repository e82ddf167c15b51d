"""The worker's Redis URL names a host that does not exist."""

from __future__ import annotations

from sandbox.faults.variables import variable_fault
from sandbox.world import World


async def _settled(world: World) -> bool:
    replies = await world.ask_replicas("/metrics")
    errors = [str(each.payload.get("redis", {}).get("lastError")) for each in replies]
    return bool(errors) and all("ENOTFOUND" in error for error in errors)


FAULT = variable_fault(
    name="redis-name-unresolved",
    summary="the worker's UPSTASH_REDIS_REST_URL names a host that does not exist",
    cause="redis.name_unresolved",
    row="1.01",
    control="redis-name-alias",
    values=lambda _world: {"UPSTASH_REDIS_REST_URL": "https://gone-bear-31313.upstash.invalid"},
    settled=_settled,
)
