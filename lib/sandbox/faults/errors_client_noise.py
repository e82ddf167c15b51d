"""Many browsers report the errors of an extension; not one request of the site fails."""

from __future__ import annotations

from sandbox.faults.browsers import BrowserError, forget, report, reported
from sandbox.faults.fault import Fault
from sandbox.world import World

EVENTS = 60
EXTENSION = BrowserError(
    kind="TypeError",
    message="Cannot read properties of null (reading 'postMessage')",
    file="chrome-extension://gighmmpiobklfepjocnamgkkbiglidom/content.js",
    function="onMessage",
)
TITLE = "reading 'postMessage'"


async def _apply(world: World) -> None:
    await report(world, EXTENSION, users=EVENTS)


async def _settled(world: World) -> bool:
    return reported(world, TITLE) >= EVENTS and await world.is_healthy()


async def _heal(world: World) -> None:
    forget(world, TITLE)


FAULT = Fault(
    name="errors-client-noise",
    summary="sixty browsers report an extension's error to Sentry; no request of the site fails",
    cause="errors.client_noise",
    row="5.03",
    control="errors-client-trickle",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
