"""The vendors' control planes: one ASGI app on one loopback port, in the supervisor's own loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import PurePosixPath

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.http import hold_port


class Severable:
    """Lets an app's running calls be cut off, as a vendor's edge does when what is behind it is replaced."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._cut = asyncio.Event()

    def sever(self) -> None:
        """Answer every call that is still running with 502."""
        self._cut.set()
        self._cut = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        work = asyncio.ensure_future(self._app(scope, receive, send))
        cut = asyncio.ensure_future(self._cut.wait())
        try:
            await asyncio.wait({work, cut}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
                return
            body = {"error": {"code": 502, "message": "Upstream was replaced"}}
            await JSONResponse(body, status_code=502)(scope, receive, send)
        finally:
            cut.cancel()
            work.cancel()


class Planes:
    """Serves the apps below one prefix each."""

    def __init__(self, apps: dict[str, ASGIApp]) -> None:
        routes = [Mount(str(PurePosixPath("/") / name), app=app) for name, app in apps.items()]
        self._place = hold_port()
        self.port = int(self._place.getsockname()[1])
        config = uvicorn.Config(
            Starlette(routes=routes),
            lifespan="off",
            ws="none",
            http="h11",
            loop="none",
            log_config=None,
            access_log=False,
            server_header=False,
        )
        self._server = _Quiet(config)
        self._serving: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._place.listen(256)
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._place]))
        while not self._server.started:  # noqa: ASYNC110  (uvicorn has a flag, no event)
            await asyncio.sleep(0.005)

    async def close(self) -> None:
        """Stop serving; hanging calls are not waited for."""
        self._server.should_exit = self._server.force_exit = True
        if self._serving is not None:
            await asyncio.wait({self._serving}, timeout=2)


class _Quiet(uvicorn.Server):
    """The supervisor handles its signals itself."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
