"""Jobs of several types fail for reasons of their own, and Sentry hears nothing: the worker never starts it."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.jobs_poison_type import EXTRAS as NO_CONNECTION
from sandbox.faults.jobs_poison_type import POISON
from sandbox.world import World

WEBHOOK = "kommo:webhook"
FAILING = {WEBHOOK: 1.0, POISON: 1.0}
EXTRAS = {**NO_CONNECTION, WEBHOOK: {"signature": "bad"}}


async def _apply(world: World) -> None:
    await world.producer.order("burst", count=40, mix=FAILING, extras=EXTRAS)


async def _settled(world: World) -> bool:
    is_mixed = world.heard(FAULT.name, "CRM connection not found", times=15)
    return is_mixed and world.heard(FAULT.name, "Invalid webhook signature", times=15)


async def _heal(world: World) -> None:
    await world.discard(WEBHOOK, POISON)


FAULT = Fault(
    name="errors-sentry-blind",
    summary="jobs of two types fail for two reasons; Railway's log is full of it, Sentry is empty",
    cause="monitoring.sentry_blind",
    row="5.06",
    control="handler-failing-rarely",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
