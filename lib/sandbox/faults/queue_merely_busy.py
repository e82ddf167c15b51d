"""All slots are taken and some hundred jobs wait, fewer by the second."""

from __future__ import annotations

import asyncio

from sandbox.faults.fault import Fault
from sandbox.faults.upstream import KNOWLEDGE, think
from sandbox.world import World

CALL_S = 4.0
WAVES = 25
"""The slots are filled bit by bit over the length of a job, so that jobs end bit by bit."""
ENDED = 25
"""Finished jobs by which it is plain how fast they end."""
WAITING, PACE_SHARE = 450, 0.2


async def _apply(world: World) -> None:
    mix = {KNOWLEDGE: 1.0}
    think(world, CALL_S)
    length_s = CALL_S + 1.2 * world.plan.job_seconds
    await world.producer.order("pace", mix=mix, per_s=PACE_SHARE * world.slots / length_s)
    for _ in range(WAVES):
        await world.producer.order("burst", count=world.slots // WAVES, mix=mix)
        await asyncio.sleep(length_s / WAVES)
    await world.producer.order("burst", count=WAITING, mix=mix)


async def _settled(world: World) -> bool:
    is_full = await world.count("active") >= 0.96 * world.slots
    have_ended = world.heard(FAULT.name, f"Job completed: {KNOWLEDGE}", times=ENDED)
    return is_full and have_ended and await world.is_healthy()


async def _heal(world: World) -> None:
    think(world, 0.0)
    world.sever_openrouter()
    await world.usual_traffic()


FAULT = Fault(
    name="queue-merely-busy",
    summary="all slots are taken, some hundred jobs wait, and the workers catch up",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
    within_s=180.0,
)
