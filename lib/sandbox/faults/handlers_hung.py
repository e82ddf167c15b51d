"""Every job calls the model provider, which never answers; there is no timeout."""

from __future__ import annotations

import time

from sandbox.faults.fault import Fault
from sandbox.faults.upstream import KNOWLEDGE
from sandbox.vendors.openrouter import OpenRouterMode
from sandbox.world import World

HELD_S = 16.0
LENGTHS = 5.5
"""Slots held for so long, and for so many usual job lengths, cannot be told from slow jobs sooner (s)."""


async def _apply(world: World) -> None:
    world.openrouter.mode = OpenRouterMode.HANG
    await world.producer.order("pace", mix={KNOWLEDGE: 1.0})
    await world.producer.order("burst", count=world.slots + 10, mix={KNOWLEDGE: 1.0})


async def _settled(world: World) -> bool:
    is_full = await world.count("active") >= world.slots and await world.backlog() > 0
    since = world.memory.setdefault(FAULT.name, time.monotonic()) if is_full else None
    held_s = max(HELD_S, LENGTHS * world.plan.job_seconds)
    return since is not None and time.monotonic() - since > held_s


async def _heal(world: World) -> None:
    world.memory.pop(FAULT.name, None)
    world.openrouter.mode = OpenRouterMode.OK
    world.sever_openrouter()
    await world.usual_traffic()


FAULT = Fault(
    name="handlers-hung",
    summary="every slot holds a job that waits for OpenRouter for ever",
    cause="worker.handlers_hung",
    row="1.15",
    control="jobs-slow-but-finishing",
    apply=_apply,
    settled=_settled,
    heal=_heal,
    within_s=240.0,
)
