"""One client's connection: authenticated by the edge, then passed on request by request."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, cast

from sandbox.edge.backend import Backend
from sandbox.edge.gate import AUTHENTICATION_LATE, NO_AUTHENTICATION, UNAUTHENTICATED, WRONG_PASSWORD, Credential
from sandbox.edge.resp import ProtocolError, Request, RequestReader, arguments, encode

if TYPE_CHECKING:
    from sandbox.edge.server import Edge

FREE_OF_QUOTA = frozenset((b"AUTH", b"HELLO", b"QUIT"))


class _Outgoing(NamedTuple):
    """Something waiting its turn: requests for the server, or a reply in its place."""

    due_at: float
    data: bytes
    is_reply: bool


class ClientConnection(asyncio.Protocol):
    """Between one client and one connection to the server."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._reader = RequestReader()
        self._transport: asyncio.Transport | None = None
        self._backend: Backend | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._outbox: deque[_Outgoing] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._in_transaction = False
        self.credential: Credential | None = None
        self.was_stalled = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._edge.connections.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._edge.connections.discard(self)
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        if self._connecting is not None:
            self._connecting.cancel()
        if self._backend is not None:
            self._backend.close()

    def pause_writing(self) -> None:
        if self._backend is not None:
            self._backend.pause(reading=False)

    def resume_writing(self) -> None:
        if self._backend is not None:
            self._backend.pause(reading=True)

    def data_received(self, data: bytes) -> None:
        if self._edge.weather.is_stalled:
            self.was_stalled = True
            return
        try:
            requests = self._reader.feed(data)
        except ProtocolError as error:
            self._answer(b"-ERR Protocol error: %s\r\n" % str(error).encode())
            self.close()
            return
        passed: list[bytes] = []
        for request in requests:
            self._handle(request, passed)
        self._flush(passed)

    def reply(self, data: bytes) -> None:
        """Pass bytes of the server's to the client."""
        if self._edge.weather.is_stalled:
            self.was_stalled = True
        elif self._transport is not None:
            self._transport.write(data)

    def backend_lost(self) -> None:
        """The server closed its side: the client's is closed too."""
        self._backend = None
        self.close()

    def hold_backend(self, *, hold: bool) -> None:
        """The server takes requests more slowly than the client sends them."""
        if self._transport is None or self._transport.is_closing():
            return
        if hold:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def close(self) -> None:
        """Close after what was written has been sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _handle(self, request: Request, passed: list[bytes]) -> None:
        gate = self._edge.gate
        if request.name == b"AUTH" or (request.name == b"HELLO" and b"AUTH" in request.raw.upper()):
            self._authenticate(request, passed)
            return
        if self.credential is None:
            gate.count(UNAUTHENTICATED, 1)
            self._answer(NO_AUTHENTICATION)
            return
        gate.count(self.credential.client, 1)
        if gate.is_exhausted and not self._in_transaction and request.name not in FREE_OF_QUOTA:
            self._answer_in_order(b"-%s\r\n" % gate.refusal().encode(), passed)
            return
        if request.name == b"MULTI":
            self._in_transaction = True
        elif request.name in (b"EXEC", b"DISCARD"):
            self._in_transaction = False
        passed.append(request.raw)

    def _authenticate(self, request: Request, passed: list[bytes]) -> None:
        words = arguments(request)
        place = _credentials_at(words)
        if place is None:
            self._edge.gate.count(UNAUTHENTICATED, 1)
            self._answer_in_order(b"-ERR syntax error\r\n", passed)
            return
        username, token = (word.decode(errors="replace") for word in (words[place], words[place + 1]))
        credential = self._edge.gate.admit(username, token)
        if credential is None or credential.client in self._edge.weather.late:
            self._edge.gate.count(UNAUTHENTICATED, 1)
            self._answer_in_order(WRONG_PASSWORD if credential is None else AUTHENTICATION_LATE, passed)
            return
        self.credential = credential
        self._edge.gate.count(credential.client, 1)
        words[place], words[place + 1] = credential.username.encode(), credential.backend_password.encode()
        passed.append(encode(*words))

    def _answer(self, reply: bytes) -> None:
        if self._transport is not None:
            self._transport.write(reply)

    def _answer_in_order(self, reply: bytes, passed: list[bytes]) -> None:
        """Answer instead of the server, yet not before it has answered what it was asked earlier."""
        self._flush(passed)
        if self._backend is None and not self._outbox:
            self._answer(reply)
            return
        self._outbox.append(_Outgoing(self._due_at(), reply, is_reply=True))
        self._drain()

    def _flush(self, passed: list[bytes]) -> None:
        if not passed:
            return
        data = b"".join(passed)
        passed.clear()
        if self._backend is not None and not self._outbox and not self._edge.weather.latency_s:
            self._backend.send(data)
            return
        self._outbox.append(_Outgoing(self._due_at(), data, is_reply=False))
        if self._backend is None:
            self._connecting = self._connecting or asyncio.create_task(self._connect())
        else:
            self._drain()

    def _due_at(self) -> float:
        return asyncio.get_running_loop().time() + self._edge.weather.latency_s

    def _drain(self) -> None:
        """Send what is due, in order, and come back for the rest."""
        if self._backend is None:
            return
        loop = asyncio.get_running_loop()
        while self._outbox and self._outbox[0].due_at <= loop.time():
            outgoing = self._outbox.popleft()
            if outgoing.is_reply:
                self._backend.insert(outgoing.data)
            else:
                self._backend.send(outgoing.data)
        if self._outbox:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = loop.call_at(self._outbox[0].due_at, self._drain)

    async def _connect(self) -> None:
        try:
            self._backend = await self._edge.connect_backend(self)
        except OSError:
            self.close()
            return
        self._drain()


def _credentials_at(words: list[bytes]) -> int | None:
    """Where name and token stand in AUTH or HELLO; `AUTH token` is completed to the default user."""
    if words[0].upper() == b"AUTH":
        if len(words) == 2:
            words.insert(1, b"default")
        return 1 if len(words) == 3 else None
    upper = [word.upper() for word in words]
    place = upper.index(b"AUTH") + 1 if b"AUTH" in upper else len(words)
    return place if place + 1 < len(words) else None
