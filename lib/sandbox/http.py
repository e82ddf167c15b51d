"""As much of HTTP/1.1 as the worker, its balancer and the sandbox's own questions need."""

from __future__ import annotations

import asyncio
import contextlib
import http
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import cast

LONGEST_REQUEST_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, read to its end. Header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def encode(self) -> bytes:
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response with its body. Length, date and connection headers are added on the way out."""

    status: int
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    body: bytes = b""

    def encode(self, *, keep_alive: bool, with_body: bool = True) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {http.HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += ["Connection: keep-alive", "Keep-Alive: timeout=5"] if keep_alive else ["Connection: close"]
        lines += [f"Date: {formatdate(usegmt=True)}", f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + (self.body if with_body else b"")


Handler = Callable[[Request], Awaitable[Answer]]
"""It may never return: the client then gets no byte, and hanging up cancels it."""


async def serve(handler: Handler, port: int = 0, *, reuse_port: bool = False) -> asyncio.Server:
    """Listen on a loopback port, by default one of the kernel's choice."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: Conversation(handler), "127.0.0.1", port, reuse_port=reuse_port or None)


def port_of(server: asyncio.Server) -> int:
    """Where a server listens."""
    return int(server.sockets[0].getsockname()[1])


def hold_port() -> socket.socket:
    """A loopback port reserved without listening: connections are refused until `reuse_port` is used on it."""
    place = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    place.bind(("127.0.0.1", 0))
    return place


async def ask(port: int, request: Request) -> Answer:
    """Send one request over a connection of its own and read the answer to its end.

    Raises:
        OSError: nobody listens, or the connection broke.
        EOFError: it ended before a whole answer.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=LONGEST_REQUEST_BYTES)
    try:
        headers = {**request.headers, "connection": "close"}
        sent = Request(method=request.method, target=request.target, headers=headers, body=request.body)
        writer.write(sent.encode())
        head = await reader.readuntil(b"\r\n\r\n")
        status, fields = _read_head(head)
        length = next((value for name, value in fields.items() if name.lower() == "content-length"), "0")
        body = b"" if request.method == "HEAD" else await reader.readexactly(int(length))
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    return Answer(status=status, headers=fields, body=body)


def _read_head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.split(" ")[1]), {name: value.strip() for name, _, value in pairs}


class Conversation(asyncio.Protocol):
    """One client: its requests are answered one after another."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self._work: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, _error: Exception | None) -> None:
        self._transport = None
        if self._work is not None:
            self._work.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) > LONGEST_REQUEST_BYTES:
            self.abort()
        elif self._work is None:
            self._next()

    def abort(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _next(self) -> None:
        """Begin to answer the next whole request, if there is one."""
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        words, length = first.split(" "), headers.get("content-length", "0")
        if len(words) != 3 or not length.isdecimal():
            self._write(Answer(status=400), keep_alive=False, with_body=True)
            return
        if len(rest) < int(length):
            return
        self._received = rest[int(length) :]
        request = Request(method=words[0], target=words[1], headers=headers, body=rest[: int(length)])
        self._work = asyncio.create_task(self._answer(request))

    async def _answer(self, request: Request) -> None:
        answer = await self._handler(request)
        self._work = None
        keep_alive = request.headers.get("connection", "").lower() != "close"
        self._write(answer, keep_alive=keep_alive, with_body=request.method != "HEAD")
        if keep_alive:
            self._next()

    def _write(self, answer: Answer, *, keep_alive: bool, with_body: bool) -> None:
        if self._transport is not None:
            self._transport.write(answer.encode(keep_alive=keep_alive, with_body=with_body))
            if not keep_alive:
                self._transport.close()
