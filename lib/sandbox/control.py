"""Orders to a running supervisor: one JSON line each way over a unix socket in its scratch directory."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

Obey = Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]


class Refused(RuntimeError):
    """An order that cannot be carried out; `str()` is one clear line."""


async def listen(path: Path, obey: Obey) -> asyncio.Server:
    """Take orders until closed."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            line = await reader.readline()
            if line:
                writer.write(json.dumps(await _obey(line, obey)).encode() + b"\n")
                await writer.drain()
        writer.close()

    return await asyncio.start_unix_server(connected, str(path))


async def _obey(line: bytes, obey: Obey) -> dict[str, Any]:
    try:
        return await obey(json.loads(line))
    except Refused as refusal:
        return {"refused": str(refusal)}


def order(path: str, order: str, **details: object) -> dict[str, Any]:
    """Give one order and wait for its end.

    Raises:
        Refused: in the supervisor's words, or because it is not there.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(path)
            connection.sendall(json.dumps({"order": order, **details}).encode() + b"\n")
            with connection.makefile("rb") as answers:
                line = answers.readline()
    except OSError as error:
        raise Refused(f"the supervisor does not answer: {error.strerror or error}") from error
    if not line:
        raise Refused("the supervisor ended before it answered")
    answer: dict[str, Any] = json.loads(line)
    if "refused" in answer:
        raise Refused(answer["refused"])
    return answer
