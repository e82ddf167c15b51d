"""A job waits for its time; new ones under its id are ignored, which is what fixed ids are for."""

from __future__ import annotations

from sandbox.faults.duplicates import JOB, press, remove, was_refused
from sandbox.faults.fault import Fault
from sandbox.world import World

JOB_ID = "crm-sync-contacts-8d0be3d2-7c1f-4a55-b2c9-64e1f07a38d9"
DELAY_MS = 10 * 60 * 1000


async def _apply(world: World) -> None:
    waiting = {"jobId": JOB_ID, "delay": DELAY_MS}
    await world.producer.order("burst", count=1, mix={JOB: 1.0}, options=waiting)
    await press(world, JOB_ID)


async def _heal(world: World) -> None:
    await remove(world, JOB_ID)


FAULT = Fault(
    name="duplicates-while-waiting",
    summary="a dozen jobs are refused because the first of their id has not begun yet",
    cause="none",
    apply=_apply,
    settled=was_refused,
    heal=_heal,
)
