"""Fill the server's memory with what an application may leave there."""

from __future__ import annotations

from sandbox.redis_server import PLAN_MEMORY_BYTES
from sandbox.world import World

PIECE_BYTES = 512 * 1024
SLACK_BYTES = 16 * 1024 * 1024


async def fill(world: World, share: float) -> None:
    """Write cache entries until `share` of the plan's memory is used; above 1 the plan gives way meanwhile."""
    client = world.redis.client
    await client.config_set("maxmemory", PLAN_MEMORY_BYTES + SLACK_BYTES)
    number = 0
    while int((await client.info("memory"))["used_memory"]) < share * PLAN_MEMORY_BYTES:
        number += 1
        await client.set(f"cache:asset:{number}", "x" * PIECE_BYTES)
    await client.config_set("maxmemory", PLAN_MEMORY_BYTES)


async def empty(world: World) -> None:
    """Remove the cache entries again."""
    async for key in world.redis.client.scan_iter(match="cache:asset:*", count=1000):
        await world.redis.client.unlink(key)
