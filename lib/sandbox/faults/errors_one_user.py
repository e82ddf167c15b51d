"""One visitor's browser reports the same error over and over; nobody else has it."""

from __future__ import annotations

from sandbox.faults.browsers import BrowserError, forget, report, reported
from sandbox.faults.fault import Fault
from sandbox.world import World

EVENTS = 40
BROKEN_STORAGE = BrowserError(
    kind="QuotaExceededError",
    message="Failed to execute 'setItem' on 'Storage'",
    file="app:///_next/static/chunks/app/dashboard/page.js",
    function="saveDraft",
)
TITLE = "'setItem' on 'Storage'"


async def _apply(world: World) -> None:
    await report(world, BROKEN_STORAGE, users=1, each=EVENTS)


async def _settled(world: World) -> bool:
    return reported(world, TITLE) >= EVENTS and await world.is_healthy()


async def _heal(world: World) -> None:
    forget(world, TITLE)


FAULT = Fault(
    name="errors-one-user",
    summary="one visitor's full browser storage fails forty times; nobody else is met",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
