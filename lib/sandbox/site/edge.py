"""Vercel's edge: the site's one address. It serves files, invokes functions, and answers for those that fail."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from sandbox.frontend.replies import MIDDLEWARE_FAILED
from sandbox.http import Answer, Request, ask, port_of, serve
from sandbox.site.deployment import Deployment
from sandbox.site.function import InvocationFailed
from sandbox.site.requests import Row
from sandbox.site.site import Site

REGION = "iad1"
HOP_BY_HOP = frozenset(("connection", "keep-alive", "content-length", "date", "transfer-encoding", MIDDLEWARE_FAILED))
TEXTS = {
    404: "The deployment could not be found on Vercel.",
    500: "A server error has occurred",
    504: "An error occurred with your deployment",
}


class Edge:
    """Answers for the alias, and for each deployment's own address."""

    def __init__(self, site: Site, *, limit_s: float) -> None:
        self._site = site
        self.limit_s = limit_s
        """How long an invocation may take (s)."""
        self._server: asyncio.Server | None = None
        self.is_out_of_order = False
        """The provider's own trouble: nothing is looked up, served or invoked."""

    @property
    def port(self) -> int:
        assert self._server is not None
        return port_of(self._server)

    async def open(self) -> None:
        self._server = await serve(self._answer)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _answer(self, request: Request) -> Answer:
        # Shielded: a client that hangs up does not end an invocation, which is logged when it ends.
        return await asyncio.shield(asyncio.ensure_future(self._serve(request)))

    async def _serve(self, request: Request) -> Answer:
        marks = {
            "server": "Vercel",
            "x-vercel-id": request_id(time.time_ns() // 1_000_000, secrets.token_hex(3)),
            "strict-transport-security": "max-age=63072000",
        }
        if self.is_out_of_order:
            return _fallback(request, 500, "INTERNAL_UNEXPECTED_ERROR", marks)
        host = request.headers.get("host", "")
        deployment = self._site.find(host) if host.endswith(".vercel.app") else self._site.serving
        if deployment is None or not deployment.is_ready:
            return _fallback(request, 404, "DEPLOYMENT_NOT_FOUND", marks)
        path = urlsplit(request.target).path
        row = Row(
            id=marks["x-vercel-id"],
            at=datetime.now(UTC),
            deployment_id=deployment.id,
            method=request.method,
            path=path,
            domain=self._site.domain,
        )
        self._site.requests.begin(row)
        asset = deployment.assets().get(path)
        if asset is None:
            answer = await self._invoke(request, deployment, marks)
        else:
            row.source = "static"
            answer = Answer(status=200, headers={"Content-Type": asset[0], "x-vercel-cache": "HIT"}, body=asset[1])
        self._site.requests.end(row, answer.status)
        return Answer(status=answer.status, headers={**answer.headers, **marks}, body=answer.body)

    async def _invoke(self, request: Request, deployment: Deployment, marks: Mapping[str, str]) -> Answer:
        headers = {name: value for name, value in request.headers.items() if name not in HOP_BY_HOP}
        headers |= {
            "content-length": str(len(request.body)),
            "x-forwarded-host": self._site.domain,
            "x-forwarded-for": headers.get("x-forwarded-for", "127.0.0.1"),
            "x-vercel-id": marks["x-vercel-id"],
        }
        passed_on = Request(method=request.method, target=request.target, headers=headers, body=request.body)
        try:
            # A cold start has a limit of its own.
            port = await self._site.function(deployment).port()
            async with asyncio.timeout(self.limit_s):
                answer = await ask(port, passed_on)
        except TimeoutError:
            self._site.requests.printed(
                marks["x-vercel-id"],
                deployment.id,
                "error",
                f"Vercel Runtime Timeout Error: Task timed out after {self.limit_s:g} seconds",
            )
            return _fallback(request, 504, "FUNCTION_INVOCATION_TIMEOUT", marks)
        except (InvocationFailed, OSError, EOFError):
            return _fallback(request, 500, "FUNCTION_INVOCATION_FAILED", marks)
        if MIDDLEWARE_FAILED in {name.lower() for name in answer.headers}:
            return _fallback(request, 500, "MIDDLEWARE_INVOCATION_FAILED", marks)
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
        return Answer(status=answer.status, headers={**kept, "x-vercel-cache": "MISS"}, body=answer.body)


def _fallback(request: Request, status: int, code: str, marks: Mapping[str, str]) -> Answer:
    """What the edge says in the application's place: a page for browsers, text for everybody else."""
    headers = {**marks, "x-vercel-error": code, "cache-control": "public, max-age=0, must-revalidate"}
    said, request_id = TEXTS[status], marks["x-vercel-id"]
    if "text/html" in request.headers.get("accept", ""):
        page = (
            f"<!DOCTYPE html><html><head><title>{status}: {code}</title></head>"
            f"<body><h1>{status}</h1><p>{said}</p><p>Code: <code>{code}</code></p>"
            f"<p>ID: <code>{request_id}</code></p></body></html>"
        )
        return Answer(
            status=status, headers={**headers, "Content-Type": "text/html; charset=utf-8"}, body=page.encode()
        )
    text = f"{said}\n\n{code}\n\n{request_id}\n"
    return Answer(status=status, headers={**headers, "Content-Type": "text/plain; charset=utf-8"}, body=text.encode())


def request_id(at_ms: int, mark: str) -> str:
    """An id as the edge makes them, of a request that came at an instant (epoch ms)."""
    return f"{REGION}::{REGION}::{mark}-{at_ms}-{secrets.token_hex(6)}"
