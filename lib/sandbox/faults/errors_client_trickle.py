"""A few browsers report the errors of an extension, as on any day."""

from __future__ import annotations

from sandbox.faults.browsers import forget, report, reported
from sandbox.faults.errors_client_noise import EXTENSION, TITLE
from sandbox.faults.fault import Fault
from sandbox.world import World

EVENTS = 12


async def _apply(world: World) -> None:
    await report(world, EXTENSION, users=EVENTS)


async def _settled(world: World) -> bool:
    return reported(world, TITLE) >= EVENTS and await world.is_healthy()


async def _heal(world: World) -> None:
    forget(world, TITLE)


FAULT = Fault(
    name="errors-client-trickle",
    summary="a dozen browsers report an extension's error to Sentry",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
