"""The worker is connected to another database of the same account than the producers."""

from __future__ import annotations

import secrets
import time

from sandbox.edge import Credential, Edge, Gate
from sandbox.faults.fault import Fault
from sandbox.redis_server import BackendUsers, RedisServer
from sandbox.wiring import new_token
from sandbox.world import World

UNTOUCHED_S = 18.0
"""Age of the oldest waiting job at which nobody says 'not yet'."""


async def _apply(world: World) -> None:
    edge, token = await _other_database(world)
    values = {
        "UPSTASH_REDIS_REST_URL": f"https://localhost:{edge.port}",
        "UPSTASH_REDIS_REST_TOKEN": token,
        "REDIS_URL": f"rediss://default:{token}@localhost:{edge.port}",
    }
    await world.change_variables(FAULT.name, values)


async def _other_database(world: World) -> tuple[Edge, str]:
    """A second server behind an edge of its own, and the token for it. Both live as long as the sandbox."""
    key = f"{FAULT.name}:database"
    if key not in world.memory:
        folder = world.redis.socket_path.parent / "other"
        folder.mkdir()
        users = BackendUsers(default=secrets.token_urlsafe(24), readonly=secrets.token_urlsafe(24))
        server = RedisServer(binary=world.redis.binary, folder=folder, users=users, log=lambda _line: None)
        world.parts.push_async_callback(server.stop, keep_data=False)
        await server.start()
        token = new_token()
        credential = Credential(client="worker", username="default", token=token, backend_password=users.default)
        edge = world.edge.beside(gate=Gate(credentials=[credential]), backend_path=server.socket_path)
        world.parts.callback(edge.close)
        await edge.open()
        world.memory[key] = edge, token
    found: tuple[Edge, str] = world.memory[key]
    return found


async def _settled(world: World) -> bool:
    client, prefix = world.redis.client, f"bull:{world.queue_name}"
    oldest = await client.lindex(f"{prefix}:wait", -1)
    added_ms = await client.hget(f"{prefix}:{oldest}", "timestamp") if oldest else None
    is_left = added_ms is not None and time.time() - int(added_ms) / 1000 > UNTOUCHED_S
    return is_left and await world.count("active") == 0 and await world.is_healthy()


async def _heal(world: World) -> None:
    await world.restore_variables(FAULT.name)


FAULT = Fault(
    name="redis-other-database",
    summary="the worker is connected to another Redis database than the producers",
    cause="queue.redis_mismatch",
    row="1.13",
    control="redis-name-alias",
    apply=_apply,
    settled=_settled,
    heal=_heal,
    within_s=60.0,
)
