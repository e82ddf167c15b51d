"""A migration took rights from the public role that it never used; the worker's are as they were."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

JOBS = 40


async def _apply(world: World) -> None:
    await world.postgres.execute("REVOKE ALL ON webhook_events FROM anon")
    await world.producer.order("burst", count=JOBS, mix={"kommo:webhook": 1.0})


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, "Job completed: kommo:webhook", times=JOBS) and await world.is_healthy()


async def _heal(world: World) -> None:
    await world.postgres.execute("GRANT ALL ON webhook_events TO anon")


FAULT = Fault(
    name="database-grant-narrowed",
    summary="the public role lost its rights on webhook_events, jobs go on",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
