"""The queue itself allows a job now and then, however many slots are free."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

JOBS = 700
"""More than the runbook's first limit, fewer than its second."""
MOST, WINDOW_S = 5, 5.0


async def _apply(world: World) -> None:
    await world.producer.order("rate_limit", max=MOST, window_ms=1000 * max(WINDOW_S, 2 * world.plan.job_seconds))
    await world.producer.order("burst", count=JOBS)


async def _settled(world: World) -> bool:
    count = await world.redis.client.get(f"bull:{world.queue_name}:limiter")
    return int(count or 0) >= MOST and await world.backlog() > 0.8 * JOBS


async def _heal(world: World) -> None:
    await world.producer.order("rate_limit")


FAULT = Fault(
    name="queue-rate-limited",
    summary="the queue's global rate limit lets 5 jobs pass in 5 s, 700 wait",
    cause="queue.rate_limited",
    control="queue-rate-limit-roomy",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
