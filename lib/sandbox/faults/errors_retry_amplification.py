"""Three jobs that cannot succeed are tried again and again: many failures, nobody else is met."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.jobs_poison_type import EXTRAS, POISON
from sandbox.world import World

JOBS, FAILURES = 3, 24
OPTIONS = {"attempts": 60, "backoff": {"type": "fixed", "delay": 1000}}
"""What a zealous caller asks for."""
WORDS = f"Job failed: {POISON}"


async def _apply(world: World) -> None:
    for number in range(JOBS):
        options = {**OPTIONS, "jobId": f"crm-sync-contacts-again-{number}"}
        await world.producer.order("burst", count=1, mix={POISON: 1.0}, extras=EXTRAS, options=options)


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, WORDS, times=FAILURES)


async def _heal(world: World) -> None:
    await world.discard(POISON)


FAULT = Fault(
    name="errors-retry-amplification",
    summary="three crm:sync-contacts jobs with sixty attempts each fail every second",
    cause="errors.retry_amplification",
    row="5.05",
    control="handler-failing-rarely",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
