"""The worker's token was rotated and nobody told the worker; the operator's is still valid."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.wiring import new_token
from sandbox.world import World


async def _apply(world: World) -> None:
    world.memory[FAULT.name] = world.gate.of("worker").token
    world.set_token("worker", new_token())
    world.edge.reset("worker")


async def _settled(world: World) -> bool:
    replies = await world.ask_replicas("/health", within_s=4)
    return bool(replies) and all(
        each.status == 503 and each.payload["redis"]["error"].startswith("WRONGPASS") for each in replies
    )


async def _heal(world: World) -> None:
    world.set_token("worker", world.memory.pop(FAULT.name))


FAULT = Fault(
    name="redis-token-rotated",
    summary="the worker's Redis token is no longer valid, the operator's is",
    cause="redis.credentials_rejected",
    row="1.04",
    control="redis-token-overlap",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
