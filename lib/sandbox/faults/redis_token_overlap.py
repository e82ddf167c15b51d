"""The worker's token was rotated and the worker told in time."""

from __future__ import annotations

from dataclasses import replace

from sandbox.faults.fault import Fault
from sandbox.wiring import new_token
from sandbox.world import World

NAMES = ("UPSTASH_REDIS_REST_TOKEN", "REDIS_URL")


async def _apply(world: World) -> None:
    token = new_token()
    world.memory[FAULT.name] = world.gate.of("worker").token
    variables = world.host.variables()
    values = {name: variables[name].replace(world.memory[FAULT.name], token) for name in NAMES}
    credential = replace(world.gate.of("worker"), token=token)
    world.gate.keep([*world.gate.credentials, credential])  # both are valid until the worker has changed over
    await world.change_variables(f"{FAULT.name}:variables", values)
    world.set_token("worker", token)
    world.gate.keep(dict.fromkeys(world.gate.credentials))


async def _settled(world: World) -> bool:
    return await world.is_healthy()


async def _heal(world: World) -> None:
    world.gate.keep([*world.gate.credentials, replace(world.gate.of("worker"), token=world.memory[FAULT.name])])
    await world.restore_variables(f"{FAULT.name}:variables")
    world.set_token("worker", world.memory.pop(FAULT.name))
    world.gate.keep(dict.fromkeys(world.gate.credentials))


FAULT = Fault(
    name="redis-token-overlap",
    summary="the worker's Redis token was rotated and Railway updated in time",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
