"""One visitor asks too often and is refused; everybody else is served."""

from __future__ import annotations

import asyncio

from sandbox.faults.fault import Fault
from sandbox.faults.site import AGENTS, is_well
from sandbox.site.traffic import Visitor
from sandbox.world import World

PER_S = 3.0
BURST, AT_ONCE = 110, 10
GREEDY = Visitor(address="203.0.113.250")


async def _apply(world: World) -> None:
    # A burst spends the window's allowance, a steady stream keeps it spent in the windows to come.
    for _ in range(BURST // AT_ONCE):
        await asyncio.gather(*(world.traffic.request(GREEDY, "GET", AGENTS) for _ in range(AT_ONCE)))
    task = asyncio.create_task(_insist(world))
    world.memory[FAULT.name] = task
    world.parts.callback(task.cancel)


async def _insist(world: World) -> None:
    while True:
        await world.traffic.request(GREEDY, "GET", AGENTS)
        await asyncio.sleep(1 / PER_S)


async def _settled(world: World) -> bool:
    answer = await world.traffic.request(GREEDY, "GET", AGENTS)
    is_refused = answer is not None and answer.status == 429 and answer.headers.get("X-RateLimit-Remaining") == "0"
    return is_refused and await is_well(world)


async def _heal(world: World) -> None:
    world.memory.pop(FAULT.name).cancel()


FAULT = Fault(
    name="frontend-rate-limited",
    summary="one address asks for more than a hundred API calls a minute and gets 429",
    cause="none",
    row="3.13",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
