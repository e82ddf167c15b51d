"""Every job calls the model provider, which never answers; there is no timeout."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.upstream import KNOWLEDGE
from sandbox.vendors.openrouter import OpenRouterMode
from sandbox.world import World


async def _apply(world: World) -> None:
    world.openrouter.mode = OpenRouterMode.HANG
    await world.producer.order("pace", mix={KNOWLEDGE: 1.0})
    await world.producer.order("burst", count=world.slots + 10, mix={KNOWLEDGE: 1.0})


async def _settled(world: World) -> bool:
    return await world.count("active") >= world.slots and await world.backlog() > 0


async def _heal(world: World) -> None:
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
)
