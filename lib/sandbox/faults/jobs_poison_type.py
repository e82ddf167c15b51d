"""One type of job always fails: what it refers to is not there."""

from __future__ import annotations

from uuid import UUID

from sandbox.faults.fault import Fault
from sandbox.producer.jobs import MIX
from sandbox.world import World

POISON = "crm:sync-contacts"
EXTRAS = {POISON: {"connectionId": str(UUID(int=0))}}


async def _apply(world: World) -> None:
    await world.producer.order("pace", mix={**MIX, POISON: 0.4 * sum(MIX.values())}, extras=EXTRAS)
    await world.producer.order("burst", count=20, mix={POISON: 1.0}, extras=EXTRAS)


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, "CRM connection not found")


async def _heal(world: World) -> None:
    await world.usual_traffic()
    await world.discard(POISON)


FAULT = Fault(
    name="jobs-poison-type",
    summary="every crm:sync-contacts job fails, all other types are fine",
    cause="jobs.poison_type",
    row="2.04",
    control="handler-failing-rarely",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
