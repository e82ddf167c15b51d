"""One webhook among many has a bad signature."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

BAD = {"kommo:webhook": {"signature": "bad"}}


async def _apply(world: World) -> None:
    await world.producer.order("burst", count=300, mix={"kommo:webhook": 1.0})
    await world.producer.order("burst", count=1, mix={"kommo:webhook": 1.0}, extras=BAD)


async def _settled(world: World) -> bool:
    has_failed = world.heard(FAULT.name, "Invalid webhook signature")
    return has_failed and await world.backlog() == 0 and await world.is_healthy()


async def _heal(_world: World) -> None:
    """Nothing is broken."""


FAULT = Fault(
    name="handler-failing-rarely",
    summary="one job in some hundred fails",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
