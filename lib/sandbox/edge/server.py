"""The edge's listening side: one TLS port that can be refused, reset or stalled, and keeps its number.

RESP and Upstash REST share it. In production they have two, 6379 and 443, on one host name.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Protocol

from sandbox.edge.arrival import Arrival
from sandbox.edge.backend import Backend, Downstream
from sandbox.edge.gate import Credential, Gate
from sandbox.edge.weather import Weather
from sandbox.http import hold_port


class Guest(Protocol):
    """A connection of either protocol, or of none yet."""

    credential: Credential | None
    was_stalled: bool

    def abort(self) -> None:
        """Drop the connection."""


class Edge:
    """Listens on a loopback port of its own choice."""

    def __init__(self, *, gate: Gate, tls: ssl.SSLContext, backend_path: Path) -> None:
        self.gate = gate
        self.weather = Weather()
        self.connections: set[Guest] = set()
        self._tls = tls
        self.backend_path = backend_path
        self._place = hold_port()
        self.port: int = self._place.getsockname()[1]
        self._server: asyncio.Server | None = None

    def beside(self, *, gate: Gate, backend_path: Path) -> Edge:
        """Another database of the same provider: its own port, tokens and server, the same certificate."""
        return Edge(gate=gate, tls=self._tls, backend_path=backend_path)

    async def open(self) -> None:
        """Accept connections; nothing happens when already open."""
        if self._server is None:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: Arrival(self), "127.0.0.1", self.port, ssl=self._tls, reuse_port=True
            )

    def refuse(self) -> None:
        """Close the port: whoever is connected is dropped, whoever comes is refused."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.reset()

    def reset(self, client: str | None = None) -> None:
        """Drop the connections of one client, or all."""
        for connection in tuple(self.connections):
            if client is None or (connection.credential and connection.credential.client == client):
                connection.abort()

    def stall(self) -> None:
        """Answer nothing any more, to anybody."""
        self.weather.is_stalled = True

    def unstall(self) -> None:
        """Answer again; connections that lost bytes on the way are dropped."""
        self.weather.is_stalled = False
        for connection in tuple(self.connections):
            if connection.was_stalled:
                connection.abort()

    async def connect_backend(self, downstream: Downstream) -> Backend:
        """A fresh connection to the server.

        Raises:
            OSError: the server is not there.
        """
        _transport, backend = await asyncio.get_running_loop().create_unix_connection(
            lambda: Backend(downstream), str(self.backend_path)
        )
        return backend

    def close(self) -> None:
        """Give the port back."""
        self.refuse()
        self._place.close()
