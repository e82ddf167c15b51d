"""Kommo failed once; the retry went through."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

SYNC = "crm:sync-contacts"
SINCE = "kommo-hiccup:over"


async def _apply(world: World) -> None:
    world.kommo.refusals = 1
    await world.producer.order("burst", count=1, mix={SYNC: 1.0})

    async def has_failed() -> bool:
        return world.heard(FAULT.name, "Kommo API error: 502")

    await world.eventually("one failure", has_failed)
    world.mark(SINCE)
    await world.producer.order("burst", count=200, mix={"kommo:webhook": 1.0})


async def _settled(world: World) -> bool:
    is_over = world.heard(SINCE, f"Job completed: {SYNC}") and await world.backlog() == 0
    return is_over and await world.is_healthy()


async def _heal(_world: World) -> None:
    """Nothing is broken."""


FAULT = Fault(
    name="kommo-hiccup",
    summary="Kommo failed one call, the retry succeeded",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
