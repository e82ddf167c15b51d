"""Upstash cannot check the worker's token in time and words it as a wrong one; the token is right."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

WORDS = "DB connection timed-out or wrong username-password"


async def _apply(world: World) -> None:
    world.edge.weather.late.add("worker")
    world.edge.reset("worker")


async def _settled(world: World) -> bool:
    replies = await world.ask_replicas("/health", within_s=4)
    return bool(replies) and all(
        each.status == 503 and WORDS in str(each.payload["redis"]["error"]) for each in replies
    )


async def _heal(world: World) -> None:
    world.edge.weather.late.discard("worker")


FAULT = Fault(
    name="redis-auth-timeout",
    summary="Upstash cannot check the worker's valid token in time and says 'timed-out or wrong password'",
    cause="redis.auth_timeout",
    row="1.05",
    control="redis-auth-hiccup",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
