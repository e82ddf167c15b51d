"""Upstash could not check the token once; the worker is connected again."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.redis_auth_timeout import WORDS
from sandbox.world import World


async def _apply(world: World) -> None:
    world.edge.weather.late.add("worker")
    world.edge.reset("worker")

    async def has_refused() -> bool:
        return world.heard(FAULT.name, WORDS)

    await world.eventually("a refusal", has_refused)
    world.edge.weather.late.discard("worker")


async def _settled(world: World) -> bool:
    replies = await world.ask_replicas("/metrics")
    is_connected = all(each.payload.get("redis", {}).get("connected") for each in replies)
    return is_connected and await world.is_healthy()


async def _heal(_world: World) -> None:
    """Nothing is broken."""


FAULT = Fault(
    name="redis-auth-hiccup",
    summary="Upstash refused the worker's valid token once, then accepted it",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
