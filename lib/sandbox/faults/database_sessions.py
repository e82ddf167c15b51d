"""Sessions that somebody opened and left open."""

from __future__ import annotations

from psycopg import AsyncConnection, OperationalError

from sandbox.world import World

EXPORTER = "user=supabase_read_only_user application_name=analytics-export"


async def hold(world: World, owner: str, *, most: int) -> int:
    """Open up to so many more, until the server takes no other; how many were opened."""
    held: list[AsyncConnection] = world.memory.setdefault(f"{owner}:sessions", [])
    before = len(held)
    while len(held) - before < most:
        try:
            session = await AsyncConnection.connect(f"{world.postgres.address} {EXPORTER}", autocommit=True)
        except OperationalError:
            break
        world.parts.push_async_callback(session.close)
        held.append(session)
    return len(held) - before


async def release(world: World, owner: str) -> None:
    for session in world.memory.pop(f"{owner}:sessions", []):
        await session.close()
