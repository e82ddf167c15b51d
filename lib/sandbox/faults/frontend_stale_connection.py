"""An instance of the frontend started while Redis was away; Redis is back, the instance does not know."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.frontend_redis_url_set import set_redis_url
from sandbox.faults.site import HEALTH, look, redeploy, restore_variables, status
from sandbox.world import World


async def _apply(world: World) -> None:
    world.memory.setdefault(FAULT.name, world.site.variables.snapshot())
    set_redis_url(world)
    world.edge.refuse()
    await redeploy(world.site)

    async def has_failed() -> bool:
        return await status(world, "/api/health/redis") == 503

    await world.eventually("a failed first connection", has_failed)
    await world.edge.open()


async def _settled(world: World) -> bool:
    answer = await look(world, HEALTH)
    is_stale = answer is not None and b'"queue_error":"Connection is closed."' in answer.body
    return is_stale and b'"rateLimit":"ok"' in answer.body and await world.is_healthy() if answer else False


async def _heal(world: World) -> None:
    await restore_variables(world, FAULT.name)


FAULT = Fault(
    name="frontend-stale-connection",
    summary="the frontend's first connection to Redis failed and is never tried again, though Redis is back",
    cause="frontend.stale_connection",
    row="3.06",
    control="frontend-redis-url-set",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
