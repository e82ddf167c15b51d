"""Redis died under a frontend that was connected to it: its health page hangs, its liveness page does not."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.frontend_redis_url_set import is_connected, set_redis_url
from sandbox.faults.site import HEALTH, READY, look, redeploy, restore_variables, status
from sandbox.world import World


async def _apply(world: World) -> None:
    world.memory.setdefault(FAULT.name, world.site.variables.snapshot())
    set_redis_url(world)
    await redeploy(world.site)
    await world.eventually("a warm instance", lambda: is_connected(world))
    world.edge.refuse()
    await world.redis.stop()


async def _settled(world: World) -> bool:
    replies = await world.ask_replicas("/health", within_s=0.7)
    is_worker_silent = bool(replies) and all(each.status == 0 for each in replies)
    return is_worker_silent and await look(world, HEALTH) is None and await status(world, READY) == 200


async def _heal(world: World) -> None:
    await world.redis.start()
    await world.edge.open()
    await restore_variables(world, FAULT.name)


FAULT = Fault(
    name="frontend-redis-hang",
    summary="Redis is down; the frontend's warm instance waits for it, so /api/health ends in a timeout",
    cause="redis.unreachable",
    row="3.06",
    control="frontend-redis-url-set",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
