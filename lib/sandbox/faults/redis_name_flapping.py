"""The name server of the worker's host is out of order; everybody else finds Redis."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World


async def _apply(world: World) -> None:
    world.resolver.is_failing = True
    world.edge.reset("worker")


async def _settled(world: World) -> bool:
    replies = await world.ask_replicas("/metrics")
    errors = [str(each.payload.get("redis", {}).get("lastError")) for each in replies]
    return bool(errors) and all("EAI_AGAIN" in error for error in errors)


async def _heal(world: World) -> None:
    world.resolver.is_failing = False


FAULT = Fault(
    name="redis-name-flapping",
    summary="the name server of the worker's host fails: the right name of Redis does not resolve there",
    cause="redis.name_flapping",
    row="1.02",
    control="redis-name-hiccup",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
