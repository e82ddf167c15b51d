"""The Redis token of the frontend was rotated; the worker's and the operator's are still valid."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.site import AGENTS, HEALTH, edge_code, look
from sandbox.wiring import new_token
from sandbox.world import World


async def _apply(world: World) -> None:
    world.memory[FAULT.name] = world.gate.of("frontend").token
    world.set_token("frontend", new_token())


async def _settled(world: World) -> bool:
    answer = await look(world, HEALTH)
    is_refused = answer is not None and b'"rateLimit":"error"' in answer.body
    return is_refused and await edge_code(world, AGENTS) == "MIDDLEWARE_INVOCATION_FAILED"


async def _heal(world: World) -> None:
    world.set_token("frontend", world.memory.pop(FAULT.name))


FAULT = Fault(
    name="frontend-token-rotated",
    summary="the frontend's Redis token is no longer valid: its middleware fails every API request with 500",
    cause="frontend.credentials_rejected",
    control="frontend-rate-limited",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
