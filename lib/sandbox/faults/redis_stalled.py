"""The database accepts connections and never answers."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World


async def _apply(world: World) -> None:
    world.edge.stall()


async def _settled(world: World) -> bool:
    health = await world.ask_replicas("/health", within_s=0.7)
    metrics = await world.ask_replicas("/metrics", within_s=0.7)
    is_silent = bool(health) and all(each.status == 0 for each in health)
    return is_silent and all(each.status == 200 for each in metrics)


async def _heal(world: World) -> None:
    world.edge.unstall()


FAULT = Fault(
    name="redis-stalled",
    summary="Redis accepts connections and never answers",
    cause="redis.unreachable",
    row="1.03",
    control="redis-slow-but-answering",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
