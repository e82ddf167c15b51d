"""Sentry's quota is spent: it refuses every error, and its pages look calm."""

from __future__ import annotations

from sandbox.faults.browsers import report
from sandbox.faults.errors_one_user import BROKEN_STORAGE
from sandbox.faults.fault import Fault
from sandbox.world import World

CLIENTS = 12


async def _apply(world: World) -> None:
    world.sentry.is_quota_spent = True
    await report(world, BROKEN_STORAGE, users=CLIENTS, clients=CLIENTS)


async def _settled(world: World) -> bool:
    refused = sum(each.quantity for each in world.sentry.store.outcomes if each.outcome == "rate_limited")
    return refused >= CLIENTS and await world.is_healthy()


async def _heal(world: World) -> None:
    world.sentry.is_quota_spent = False
    world.sentry.store.outcomes[:] = [o for o in world.sentry.store.outcomes if o.outcome != "rate_limited"]


FAULT = Fault(
    name="errors-quota-dropped",
    summary="Sentry's quota is spent; a dozen browsers' errors are refused and seen nowhere",
    cause="monitoring.sentry_blind",
    row="5.06",
    control="errors-client-trickle",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
