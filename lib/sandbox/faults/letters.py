"""Jobs that fail for good, followed by many that do not."""

from __future__ import annotations

import time

from sandbox.faults.fault import Fault
from sandbox.world import World

WEBHOOK = "kommo:webhook"
BAD = {WEBHOOK: {"signature": "bad"}}
LETTERS, GOOD_JOBS = 3, 300
WITHIN_S = 300.0


def letters(*, name: str, summary: str, cause: str, job_id: str, control: str = "") -> Fault:
    """`job_id`: a format with `number` and `ms`; ids with a colon are refused by the dead-letter queue."""

    async def kept(world: World) -> int:
        found = await world.count("prioritized", "agent-jobs-dlq")
        return found + len([key async for key in world.redis.client.scan_iter("dlq:fallback:*", count=1000)])

    async def apply(world: World) -> None:
        before = await kept(world)
        for number in range(LETTERS):
            options = {"jobId": job_id.format(number=number, ms=time.time_ns() // 1_000_000), "attempts": 1}
            await world.producer.order("burst", count=1, mix={WEBHOOK: 1.0}, extras=BAD, options=options)

        async def are_kept() -> bool:
            return await kept(world) >= before + LETTERS

        await world.eventually("the dead letters", are_kept)
        # Failures of the past: what ends now ends well.
        await world.producer.order("burst", count=GOOD_JOBS, mix={WEBHOOK: 1.0})

    async def settled(world: World) -> bool:
        return await world.backlog() == 0 and await world.is_healthy()

    async def heal(world: World) -> None:
        async for key in world.redis.client.scan_iter("dlq:fallback:*", count=1000):
            await world.redis.client.delete(key)

    return Fault(
        name=name,
        summary=summary,
        cause=cause,
        control=control,
        apply=apply,
        settled=settled,
        heal=heal,
        within_s=WITHIN_S,
    )
