"""The frontend was given a REDIS_URL that works: its health page says more than usual, and nothing is wrong."""

from __future__ import annotations

from sandbox.faults.site import HEALTH, frontend_variable_fault, is_well, look
from sandbox.wiring import redis_url
from sandbox.world import World


def set_redis_url(world: World) -> None:
    """Let the next deployment speak with Redis over TCP, too."""
    token = world.gate.of("frontend").token
    world.site.variables.set({"REDIS_URL": redis_url("default", token, world)})


async def is_connected(world: World) -> bool:
    """Whether the instance is warm: its connection to Redis works."""
    answer = await look(world, HEALTH)
    return answer is not None and b'"redis":"ok"' in answer.body and b'"queue":"ok"' in answer.body


async def _settled(world: World) -> bool:
    return await is_connected(world) and await is_well(world)


FAULT = frontend_variable_fault(
    name="frontend-redis-url-set",
    summary="the frontend has a REDIS_URL, which works",
    cause="none",
    change=set_redis_url,
    settled=_settled,
)
