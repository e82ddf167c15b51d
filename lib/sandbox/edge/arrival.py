"""A connection that has not said yet which protocol it speaks."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, cast

from sandbox.edge.connection import ClientConnection
from sandbox.edge.gate import Credential
from sandbox.edge.rest import RestConnection

if TYPE_CHECKING:
    from sandbox.edge.server import Edge

_REQUEST_LINE = re.compile(rb"[A-Z]+ \S+ HTTP/1\.[01]\r?\n")


class Arrival(asyncio.Protocol):
    """Hands its connection over as soon as the first line tells RESP from HTTP."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self.credential: Credential | None = None
        self.was_stalled = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._edge.connections.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._edge.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self._received += data
        # Only an inline command and a request line need the whole line.
        if self._received[:1] != b"*" and b"\n" not in self._received:
            return
        is_http = bool(_REQUEST_LINE.match(self._received))
        connection = RestConnection(self._edge) if is_http else ClientConnection(self._edge)
        assert self._transport is not None
        self._edge.connections.discard(self)
        self._transport.set_protocol(connection)
        connection.connection_made(self._transport)
        connection.data_received(self._received)

    def abort(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.abort()
