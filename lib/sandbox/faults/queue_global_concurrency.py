"""The queue itself allows two active jobs for all workers together."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.producer.jobs import MIX
from sandbox.worker.weights import mean_weight
from sandbox.world import World

JOBS, LIMIT = 700, 2
"""More jobs than the runbook's first limit, fewer than its second."""


async def _apply(world: World) -> None:
    await world.producer.order("concurrency", limit=LIMIT)
    # A little less than two slots can do: the pile stays where it is.
    await world.producer.order("pace", per_s=LIMIT / (world.plan.job_seconds * mean_weight(MIX)))
    await world.producer.order("burst", count=JOBS)


async def _settled(world: World) -> bool:
    return await world.count("active") == LIMIT and await world.backlog() > 0.8 * JOBS


async def _heal(world: World) -> None:
    await world.producer.order("concurrency")
    await world.usual_traffic()


FAULT = Fault(
    name="queue-global-concurrency",
    summary="the queue's global concurrency is 2 while 50 slots are free, 700 jobs wait",
    cause="queue.global_limit",
    control="queue-concurrency-roomy",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
