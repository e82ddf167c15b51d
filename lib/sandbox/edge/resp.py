"""RESP requests, cut out of a byte stream without decoding more than their names."""

from __future__ import annotations

from typing import NamedTuple


class Request(NamedTuple):
    """One command as the client sent it. `name` is in upper case."""

    name: bytes
    raw: bytes


class ProtocolError(ValueError):
    """The client does not speak RESP."""


class RequestReader:
    """Collects bytes and gives back whole requests."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[Request]:
        """Requests completed by `data`, oldest first.

        Raises:
            ProtocolError: no way to tell where the next request begins.
        """
        buffer = self._buffer + data if self._buffer else data
        requests, start = [], 0
        while start < len(buffer):
            found = _array(buffer, start) if buffer[start] == 42 else _inline(buffer, start)
            if found is None:
                break
            name, end = found
            if name:
                requests.append(Request(name.upper(), buffer[start:end]))
            start = end
        self._buffer = buffer[start:]
        return requests


def arguments(request: Request) -> list[bytes]:
    """Every word of a request, its name included."""
    if request.raw[:1] != b"*":
        return request.raw.split()
    words, position = [], request.raw.index(b"\r\n") + 2
    while position < len(request.raw):
        line_end = request.raw.index(b"\r\n", position)
        length = int(request.raw[position + 1 : line_end])
        words.append(request.raw[line_end + 2 : line_end + 2 + length])
        position = line_end + 2 + length + 2
    return words


def encode(*words: bytes) -> bytes:
    """A request in wire form."""
    parts = [b"*%d\r\n" % len(words)]
    parts += [b"$%d\r\n%s\r\n" % (len(word), word) for word in words]
    return b"".join(parts)


def _array(buffer: bytes, start: int) -> tuple[bytes, int] | None:
    line_end = buffer.find(b"\r\n", start)
    if line_end < 0:
        return None
    count, position, name = _number(buffer[start + 1 : line_end]), line_end + 2, b""
    for index in range(count):
        line_end = buffer.find(b"\r\n", position)
        if line_end < 0:
            return None
        if buffer[position] != 36:
            raise ProtocolError(f"expected '$', got '{chr(buffer[position])}'")
        word_end = line_end + 2 + _number(buffer[position + 1 : line_end])
        if len(buffer) < word_end + 2:
            return None
        if index == 0:
            name = buffer[line_end + 2 : word_end]
        position = word_end + 2
    return name, position


def _inline(buffer: bytes, start: int) -> tuple[bytes, int] | None:
    line_end = buffer.find(b"\n", start)
    if line_end < 0:
        if len(buffer) - start > 65536:
            raise ProtocolError("too big inline request")
        return None
    words = buffer[start:line_end].split(maxsplit=1)
    return (words[0] if words else b"", line_end + 1)


def _number(digits: bytes) -> int:
    try:
        return int(digits)
    except ValueError:
        raise ProtocolError("invalid length") from None
