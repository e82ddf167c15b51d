"""A project with real builds, real functions and its edge, over a database that only says yes."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sandbox.http import Answer, Request, ask, port_of, serve
from sandbox.site import Site, SiteEdge

LIMIT_S = 0.6


@dataclass(frozen=True, kw_only=True)
class RunningSite:
    """The site and a way to ask it."""

    site: Site
    edge: SiteEdge

    async def get(self, path: str, **headers: str) -> Answer:
        return await ask(self.edge.port, Request(method="GET", target=path, headers={"host": "127.0.0.1", **headers}))

    async def code(self, path: str) -> tuple[int, str]:
        """Status, and the edge's own code if it answered in the application's place."""
        answer = await self.get(path)
        return answer.status, answer.headers.get("x-vercel-error", "")


async def _database(request: Request) -> Answer:
    if "/silent/" in request.target:
        await asyncio.Event().wait()
    return Answer(status=200, body=b"[]")


@asynccontextmanager
async def running_site() -> AsyncIterator[RunningSite]:
    """Variables are set, nothing is deployed."""
    database = await serve(_database)
    names = ("PATH", "PYTHONPATH", "VIRTUAL_ENV")
    site = Site(injected={name: os.environ[name] for name in names if name in os.environ})
    address = f"http://127.0.0.1:{port_of(database)}"
    site.variables.set(
        {
            "SUPABASE_URL": address,
            "SUPABASE_SERVICE_ROLE_KEY": "service-key",
            "NEXT_PUBLIC_SUPABASE_URL": address,
            "NEXT_PUBLIC_SUPABASE_ANON_KEY": "anon-key",
        }
    )
    edge = SiteEdge(site, limit_s=LIMIT_S)
    await edge.open()
    try:
        yield RunningSite(site=site, edge=edge)
    finally:
        edge.close()
        await site.close()
        database.close()
