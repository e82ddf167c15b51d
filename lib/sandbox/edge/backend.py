"""The edge's own connection to the server, one per client connection."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from typing import Protocol, cast

from sandbox.edge.resp import encode


class Downstream(Protocol):
    """The client's side, as the server's side sees it."""

    def reply(self, data: bytes) -> None: ...
    def backend_lost(self) -> None: ...
    def hold_backend(self, *, hold: bool) -> None: ...


class Backend(asyncio.Protocol):
    """Passes replies through as they are, but for those the edge gives itself.

    A reply of the edge's own must keep its place among the server's. So its place is marked in the stream:
    the server is asked to echo a nonce, and the echo is replaced when it comes by.
    """

    def __init__(self, downstream: Downstream) -> None:
        self._downstream = downstream
        self._transport: asyncio.Transport | None = None
        self._marks: deque[tuple[bytes, bytes]] = deque()
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, _error: Exception | None) -> None:
        self._transport = None
        self._downstream.backend_lost()

    def pause_writing(self) -> None:
        self._downstream.hold_backend(hold=True)

    def resume_writing(self) -> None:
        self._downstream.hold_backend(hold=False)

    def send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def insert(self, reply: bytes) -> None:
        """Let `reply` reach the client after the replies to everything sent so far."""
        nonce = secrets.token_hex(12).encode()
        self._marks.append((b"$%d\r\n%s\r\n" % (len(nonce), nonce), reply))
        self.send(encode(b"ECHO", nonce))

    def data_received(self, data: bytes) -> None:
        if not self._marks:
            self._downstream.reply(data)
            return
        data, self._held = self._held + data, b""
        while self._marks:
            mark, reply = self._marks[0]
            before, found, after = data.partition(mark)
            if not found:
                keep = _overlap(data, mark)
                data, self._held = data[: len(data) - keep], data[len(data) - keep :]
                break
            self._marks.popleft()
            self._downstream.reply(before + reply)
            data = after
        if data:
            self._downstream.reply(data)

    def pause(self, *, reading: bool) -> None:
        """Stop or go on reading: the client takes replies more slowly than the server gives them."""
        if self._transport is not None and not self._transport.is_closing():
            if reading:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def _overlap(data: bytes, mark: bytes) -> int:
    """How many last bytes of `data` might be the beginning of `mark`."""
    for length in range(min(len(data), len(mark) - 1), 0, -1):
        if data.endswith(mark[:length]):
            return length
    return 0
