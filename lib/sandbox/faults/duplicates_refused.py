"""A job failed and is kept; every new one under its id is ignored without a word."""

from __future__ import annotations

from uuid import UUID

from sandbox.faults.duplicates import JOB, press, remove, was_refused
from sandbox.faults.fault import Fault
from sandbox.world import World

JOB_ID = "crm-sync-contacts-2f1c8a60-53c7-4b8e-9d61-0a7f3c5e9b14"
NOWHERE = {JOB: {"connectionId": str(UUID(int=0))}}


async def _apply(world: World) -> None:
    failing = {"jobId": JOB_ID, "attempts": 1}
    await world.producer.order("burst", count=1, mix={JOB: 1.0}, extras=NOWHERE, options=failing)

    async def has_failed() -> bool:
        return await world.redis.client.zscore(f"bull:{world.queue_name}:failed", JOB_ID) is not None

    await world.eventually("the job's failure", has_failed)
    await press(world, JOB_ID)


async def _heal(world: World) -> None:
    await remove(world, JOB_ID)


FAULT = Fault(
    name="duplicates-refused",
    summary="a failed job holds the id of a dozen new ones, which are silently refused",
    cause="queue.duplicates_refused",
    row="2.13",
    control="duplicates-while-waiting",
    apply=_apply,
    settled=was_refused,
    heal=_heal,
)
