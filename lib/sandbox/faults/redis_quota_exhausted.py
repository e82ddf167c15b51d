"""The plan's daily command limit is used up, for everybody."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World


async def _apply(world: World) -> None:
    world.gate.daily_limit = world.gate.usage


async def _settled(world: World) -> bool:
    replies = await world.ask_replicas("/health", within_s=4)
    return bool(replies) and all(
        each.status == 503 and "max daily request limit exceeded" in each.payload["redis"]["error"] for each in replies
    )


async def _heal(world: World) -> None:
    world.gate.daily_limit = None


FAULT = Fault(
    name="redis-quota-exhausted",
    summary="the daily command limit of the Redis plan is used up",
    cause="redis.quota_exhausted",
    row="1.07",
    control="redis-quota-half",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
