"""Redis hung while a good release was deployed: the gate of the deployment took it for bad and rolled it back."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.frontend_redis_url_set import is_connected, set_redis_url
from sandbox.faults.site import HEALTH, look, redeploy, restore_variables
from sandbox.world import World

LOOKS, LOOK_WITHIN_S = 5, 0.5
"""The real gate waits half a minute, then gives each of its five looks ten seconds. It reads status codes only."""


async def _apply(world: World) -> None:
    world.memory.setdefault(FAULT.name, world.site.variables.snapshot())
    set_redis_url(world)
    await redeploy(world.site)
    await world.eventually("a warm instance", lambda: is_connected(world))
    serving = world.site.serving
    assert serving is not None
    deployment = world.site.deploy()
    await world.site.settle()
    await world.eventually("a warm instance of the new release", lambda: is_connected(world))
    world.edge.stall()
    if not await _passes_gate(world):
        world.site.move_alias(serving, "rollback")
        await world.site.settle()
    assert world.site.alias != deployment.id


async def _passes_gate(world: World) -> bool:
    """Whether one of the looks is answered with 200."""
    for _ in range(LOOKS):
        answer = await look(world, HEALTH, within_s=LOOK_WITHIN_S)
        if answer is not None and answer.status == 200:
            return True
    return False


async def _settled(world: World) -> bool:
    request = world.site.alias_request
    replies = await world.ask_replicas("/health", within_s=0.7)
    is_worker_silent = bool(replies) and all(each.status == 0 for each in replies)
    return is_worker_silent and request is not None and request.kind == "rollback" and request.status == "succeeded"


async def _heal(world: World) -> None:
    world.edge.unstall()
    await restore_variables(world, FAULT.name)


FAULT = Fault(
    name="frontend-false-rollback",
    summary="Redis hangs; the deployment's gate saw /api/health time out and rolled a good release back",
    cause="redis.unreachable",
    row="3.12",
    control="frontend-rolled-back",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
