"""A server on loopback that answers every connection with given bytes, then closes, waits or drips."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Answering:
    """What one server did. `url` has no path."""

    url: str
    requests: list[bytes] = field(default_factory=list)


@contextlib.asynccontextmanager
async def answering(reply: bytes | None, *, drip_s: float = 0.0) -> AsyncIterator[Answering]:
    """Serve `reply` to each request; `None` never answers; with `drip_s` one byte in so many seconds."""
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            server.requests.append(await reader.readuntil(b"\r\n\r\n"))
            if reply is None:
                await over.wait()
            for byte in (reply or b"") if drip_s else ():
                writer.write(bytes([byte]))
                await writer.drain()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), drip_s)
            if reply is not None and not drip_s:
                writer.write(reply)
                await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    server = Answering(url=f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
    try:
        yield server
    finally:
        over.set()
        listening.close()


def http(status: int, body: bytes, *, kind: str = "application/json", **headers: str) -> bytes:
    """One HTTP answer, complete."""
    told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{told}\r\n"
    return head.encode() + body


def cut(answer: bytes) -> bytes:
    """The same without its last byte: the connection breaks before the promised length."""
    return answer[:-1]
