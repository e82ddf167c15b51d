"""The wire between a run's parent, which writes files, and its child, which executes cells.

Frames are a length in four bytes and a JSON object. The child only ever sends records; it
writes no file of the artifact.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

VARIABLE = "RUNBOOK_CHANNEL_FD"
"""Number of the inherited descriptor, where the notebook runs in a stock kernel."""
_HEADER = struct.Struct(">I")

Record = dict[str, Any]


class ChannelClosed(Exception):
    """The other side is gone."""


class Channel:
    """The child's end. Threads may share it."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._lock = threading.RLock()

    def send(self, record: Record) -> None:
        """Hand `record` to the parent; blocks while the parent is busy.

        Raises: ChannelClosed.
        """
        with self._lock:
            try:
                self._end.sendall(frame(record))
            except OSError as error:
                raise ChannelClosed(str(error)) from error

    def ask(self, record: Record) -> Record:
        """Send `record` and wait for the parent's answer."""
        with self._lock:
            self.send(record)
            return self.receive()

    def receive(self) -> Record:
        """Wait for one record from the parent."""
        frames = Frames()
        while True:
            try:
                data = self._end.recv(65536)
            except OSError as error:
                raise ChannelClosed(str(error)) from error
            if not data:
                raise ChannelClosed("the parent is gone")
            for record in frames.feed(data):
                return record


class Frames:
    """Cuts a byte stream back into records."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Record]:
        """All records that are complete with `data`. What a killed sender left unfinished never comes."""
        self._buffer += data
        while len(self._buffer) >= _HEADER.size:
            (length,) = _HEADER.unpack_from(self._buffer)
            end = _HEADER.size + length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[_HEADER.size : end])
            del self._buffer[:end]
            yield json.loads(body)


def frame(record: Record) -> bytes:
    """The bytes of one record."""
    body = json.dumps(record, default=str).encode("utf-8")
    return _HEADER.pack(len(body)) + body


_active: Channel | None = None


def activate(channel: Channel) -> None:
    """Make `channel` the one of this process; the child calls it right after the fork."""
    global _active  # noqa: PLW0603 - one process has one parent; there is nothing to pass it through a cell by
    _active = channel


def current() -> Channel | None:
    """The channel to our headless parent, or `None` in JupyterLab and under stock papermill."""
    number = os.environ.get(VARIABLE, "")
    if _active is None and number.isdecimal():
        try:
            activate(Channel(socket.socket(fileno=int(number))))
        except OSError:
            # A program started from a cell inherits the variable, not the descriptor.
            return None
    return _active
