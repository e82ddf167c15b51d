"""The public address of the worker: requests go round the replicas; with none left, the edge answers itself."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping

from sandbox.host.host import Host
from sandbox.http import Answer, Request, ask, port_of, serve

EDGE = "railway/europe-west4-drams3a"
HOP_BY_HOP = frozenset(("connection", "keep-alive", "content-length", "date", "transfer-encoding"))


class Balancer:
    """Round robin over the replicas that run."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._server: asyncio.Server | None = None
        self._turn = 0

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
        request_id = secrets.token_urlsafe(16)
        marks = {"Server": "railway-edge", "X-Railway-Edge": EDGE, "X-Railway-Request-Id": request_id}
        if self._host.is_removed:
            return _fallback(request, 404, "Application not found", marks)
        headers = {name: value for name, value in request.headers.items() if name not in HOP_BY_HOP}
        headers["content-length"] = str(len(request.body))
        passed_on = Request(method=request.method, target=request.target, headers=headers, body=request.body)
        replicas = self._host.running if self._host.is_routed else []
        self._turn += 1
        for offset in range(len(replicas)):
            replica = replicas[(self._turn + offset) % len(replicas)]
            try:
                answer = await ask(replica.port, passed_on)
            except (OSError, EOFError):
                continue
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
            return Answer(status=answer.status, headers={**kept, **marks}, body=answer.body)
        return _fallback(request, 502, "Application failed to respond", marks)


def _fallback(request: Request, status: int, message: str, marks: Mapping[str, str]) -> Answer:
    """What Railway's edge says in the application's place: a page for browsers, JSON for everybody else."""
    headers = {**marks, "X-Railway-Fallback": "true"}
    if "text/html" in request.headers.get("accept", ""):
        page = f"<!DOCTYPE html><html><head><title>{message}</title></head><body><h1>{message}</h1></body></html>"
        return Answer(status=status, headers={**headers, "Content-Type": "text/html"}, body=page.encode())
    body = {"status": "error", "code": status, "message": message, "request_id": marks["X-Railway-Request-Id"]}
    text = json.dumps(body, separators=(",", ":"))
    return Answer(status=status, headers={**headers, "Content-Type": "application/json"}, body=text.encode())
