"""A project over a server of its own, asked over HTTP without a socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from sandbox.data import Project, gateway_app
from sandbox.postgres import Postgres
from sandbox.state import make_scratch


@asynccontextmanager
async def serving() -> AsyncIterator[Project]:
    """A project that answers."""
    postgres = Postgres(folder=Path(make_scratch()), log=lambda _line: None)
    await postgres.create()
    project = Project(postgres)
    await project.open()
    yield project
    await project.close()
    await postgres.stop()


def client(project: Project, key: str | None = None, bearer: str | None = None) -> httpx.AsyncClient:
    """A client of the gateway; `bearer` defaults to the key."""
    headers = {} if key is None else {"apikey": key, "Authorization": f"Bearer {bearer or key}"}
    transport = httpx.ASGITransport(gateway_app(project))
    return httpx.AsyncClient(transport=transport, base_url="http://project", headers=headers, timeout=30)
