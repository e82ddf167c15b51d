"""Sentry's stand-in behind a real port, and a real SDK that sends to it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import sentry_sdk
import uvicorn

from sandbox.vendors.sentry import sentry_app
from sandbox.vendors.sentry_state import SentryState

ORG = "/api/0/organizations/world-wide-services"
PROJECT = "/api/0/projects/world-wide-services/javascript-nextjs"


class Served:
    """One running stand-in."""

    def __init__(self, state: SentryState, base_url: str) -> None:
        self.state = state
        self.base_url = base_url

    @contextmanager
    def sdk(self, **options: Any) -> Iterator[sentry_sdk.Scope]:
        """A scope of an SDK's client of its own; leaving it sends what is still waiting."""
        given: dict[str, Any] = {"environment": "production", "default_integrations": False, **options}
        client = sentry_sdk.Client(dsn=self.state.dsn(self.base_url), **given)
        scope = sentry_sdk.Scope(client=client)
        yield scope
        client.close(timeout=5)

    def get(self, path: str, token: str | None = None, **query: Any) -> httpx.Response:
        """One read of the API; a list in `query` repeats its name."""
        headers = {"Authorization": f"Bearer {token or self.state.token}"}
        return httpx.get(f"{self.base_url}{path}", params=query, headers=headers, timeout=5)


@contextmanager
def served(state: SentryState | None = None) -> Iterator[Served]:
    """Serve a stand-in on a port of its own, in a thread of its own."""
    state = state or SentryState()
    config = uvicorn.Config(sentry_app(state), port=0, log_config=None, lifespan="off", ws="none", http="h11")
    server, started = uvicorn.Server(config), threading.Event()

    async def run() -> None:
        serving = asyncio.ensure_future(server.serve())
        while not server.started and not serving.done():
            await asyncio.sleep(0.005)
        started.set()
        await serving

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    assert started.wait(5)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Served(state, f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = server.force_exit = True
        thread.join(5)


def fail(scope: sentry_sdk.Scope, error: Exception, **details: Any) -> str | None:
    """Raise, catch and report an error; `details` are tags, but for `user` and `level`."""
    with sentry_sdk.scope.use_scope(scope):
        return _report(scope, error, details)


def _report(scope: sentry_sdk.Scope, error: Exception, details: dict[str, Any]) -> str | None:
    here = scope.fork()
    if user := details.pop("user", None):
        here.set_user(user)
    if transaction := details.pop("transaction", None):
        here.set_transaction_name(transaction)
    for key, value in details.items():
        here.set_tag(key, value)
    try:
        raise error
    except Exception as caught:  # noqa: BLE001  (whatever the test raises)
        return here.capture_exception(caught)
