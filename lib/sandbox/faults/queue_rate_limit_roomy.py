"""The queue has a rate limit far above what arrives."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

MOST, WINDOW_MS = 100_000, 60_000


async def _apply(world: World) -> None:
    await world.producer.order("rate_limit", max=MOST, window_ms=WINDOW_MS)
    await world.producer.order("burst", count=20)


async def _settled(world: World) -> bool:
    count = await world.redis.client.get(f"bull:{world.queue_name}:limiter")
    return int(count or 0) > 0 and await world.backlog() == 0 and await world.is_healthy()


async def _heal(world: World) -> None:
    await world.producer.order("rate_limit")


FAULT = Fault(
    name="queue-rate-limit-roomy",
    summary="a global rate limit is set, and its window counts; nothing waits for it",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
