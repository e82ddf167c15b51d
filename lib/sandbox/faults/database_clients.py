"""Others who use the project's address: browsers with the public key, a reporting script with the secret one."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable

import httpx

from sandbox.world import World

PATIENCE = httpx.Timeout(None)
PAUSE_S = 0.4
REPORT_S = 7.0
"""A report waits this long in the database, just below the statement timeout."""


def start(world: World, owner: str, *, count: int, work: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    """Let so many clients do something over and over until `stop`."""
    url = world.host.variables()["SUPABASE_URL"]
    limits = httpx.Limits(max_connections=None)
    client = httpx.AsyncClient(base_url=f"{url}/rest/v1", timeout=PATIENCE, limits=limits, trust_env=False)

    async def one() -> None:
        while True:
            with contextlib.suppress(httpx.TransportError):
                await work(client)

    tasks = [asyncio.create_task(one()) for _ in range(count)]
    for task in tasks:
        world.parts.callback(task.cancel)
    world.memory[f"{owner}:clients"] = client, tasks


async def stop(world: World, owner: str) -> None:
    """End them, and what they have begun."""
    client, tasks = world.memory.pop(f"{owner}:clients")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await client.aclose()


def registering(world: World, seen: list[str]) -> Callable[[httpx.AsyncClient], Awaitable[None]]:
    """A browser that registers a user with the public key; `seen` gets the answers' bodies, empty for a success."""
    key = world.project.anon_key
    headers = {"apikey": key, "Authorization": f"Bearer {key}", "Prefer": "return=minimal"}

    async def work(client: httpx.AsyncClient) -> None:
        row = {"email": f"{secrets.token_hex(6)}@visitor.example", "name": "Visitor"}
        answer = await client.post("/users", json=row, headers=headers)
        seen.append(answer.text)
        await asyncio.sleep(PAUSE_S)

    return work


async def prepare_reports(world: World) -> None:
    """The function that the reporting script calls; PostgREST learns of it."""
    await world.postgres.execute(
        f"CREATE FUNCTION usage_report() RETURNS void LANGUAGE sql AS 'SELECT pg_sleep({REPORT_S})'"
    )

    async def is_known() -> bool:
        schema = world.project.rest.schema
        return schema is not None and any(each.name == "usage_report" for each in schema.functions)

    await world.eventually("PostgREST knowing the report", is_known)


def reporting(world: World) -> Callable[[httpx.AsyncClient], Awaitable[None]]:
    """A script that asks for its report again as soon as it has it."""
    key = world.project.service_role_key
    headers = {"apikey": key, "Authorization": f"Bearer {key}"}

    async def work(client: httpx.AsyncClient) -> None:
        await client.post("/rpc/usage_report", json={}, headers=headers)

    return work


async def remove_reports(world: World) -> None:
    await world.postgres.execute("DROP FUNCTION usage_report()")
