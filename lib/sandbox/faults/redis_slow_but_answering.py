"""Every command takes a while, and is answered."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

LATENCY_S = 0.04


async def _apply(world: World) -> None:
    world.edge.weather.latency_s = LATENCY_S


async def _settled(world: World) -> bool:
    return await world.is_healthy()


async def _heal(world: World) -> None:
    world.edge.weather.latency_s = 0.0


FAULT = Fault(
    name="redis-slow-but-answering",
    summary="each Redis command takes 40 ms longer, all are answered",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
