"""The name server failed for a moment; the worker is connected again."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World


async def _apply(world: World) -> None:
    world.resolver.is_failing = True
    world.edge.reset("worker")

    async def has_failed() -> bool:
        return world.heard(FAULT.name, "EAI_AGAIN")

    await world.eventually("a failed look-up", has_failed)
    world.resolver.is_failing = False


async def _settled(world: World) -> bool:
    replies = await world.ask_replicas("/metrics")
    is_connected = all(each.payload.get("redis", {}).get("connected") for each in replies)
    return is_connected and await world.is_healthy()


async def _heal(_world: World) -> None:
    """Nothing is broken."""


FAULT = Fault(
    name="redis-name-hiccup",
    summary="one look-up of the Redis name failed, the next one succeeded",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
