"""Upstash's REST API before the same server: commands in JSON, a bearer token, the gate and weather of the edge.

Served: a command in the path or the body, and `/pipeline`. Source: Upstash, Redis REST API.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

import hiredis

from sandbox.edge.gate import UNAUTHENTICATED, Credential
from sandbox.edge.resp import encode
from sandbox.http import Answer, Conversation, Request

if TYPE_CHECKING:
    from sandbox.edge.server import Edge

Words = list[bytes]
WRONG_TOKEN = "WRONGPASS invalid or missing auth token"
NOT_OVER_HTTP = frozenset(
    """AUTH HELLO QUIT SELECT CLIENT RESET MONITOR SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE
    BLPOP BRPOP BLMOVE BLMPOP BRPOPLPUSH BZPOPMIN BZPOPMAX BZMPOP WAIT WATCH UNWATCH MULTI EXEC DISCARD""".split()
)
"""What needs a connection of its own."""


class Malformed(ValueError):
    """The request holds no command."""


class RestConnection(Conversation):
    """One client's HTTP connection: each request is authenticated for itself."""

    def __init__(self, edge: Edge) -> None:
        super().__init__(self._respond)
        self._edge = edge
        self.credential: Credential | None = None
        self.was_stalled = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._edge.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._edge.connections.discard(self)
        super().connection_lost(error)

    async def _respond(self, request: Request) -> Answer:
        await self._endure()
        self.credential = self._edge.gate.bearer(_token(request))
        if self.credential is None:
            self._edge.gate.count(UNAUTHENTICATED, 1)
            return _answer(401, {"error": WRONG_TOKEN})
        if request.method not in ("GET", "HEAD", "POST", "PUT"):
            return _answer(405, {"error": "ERR method not allowed"})
        try:
            answer = await self._execute(request, self.credential)
        except Malformed as error:
            return _answer(400, {"error": f"ERR {error}"})
        except OSError:
            # The server is gone: the client loses its connection, as over RESP.
            self.abort()
            return await asyncio.Future()
        await self._endure(delayed=False)
        return answer

    async def _endure(self, *, delayed: bool = True) -> None:
        """The weather of the moment: a delay, or an answer that never comes."""
        weather = self._edge.weather
        if weather.is_stalled:
            self.was_stalled = True
            await asyncio.Future()
        if delayed and weather.latency_s:
            await asyncio.sleep(weather.latency_s)

    async def _execute(self, request: Request, credential: Credential) -> Answer:
        is_encoded = request.headers.get("upstash-encoding", "").lower() == "base64"
        path = urlsplit(request.target).path.strip("/")
        if path == "multi-exec":
            raise Malformed("transactions are not served here")
        if path == "pipeline":
            items = [_item(reply, is_encoded) for reply in await self._ask(_pipeline(request.body), credential)]
            return _answer(200, items)
        (reply,) = await self._ask([_command(path, request)], credential)
        item = _item(reply, is_encoded)
        return _answer(400 if "error" in item else 200, item)

    async def _ask(self, commands: Sequence[Words], credential: Credential) -> list[Any]:
        """A reply or an error for each command; each one counts."""
        gate, refusals, passed = self._edge.gate, dict[int, hiredis.ReplyError](), list[Words]()
        for number, words in enumerate(commands):
            gate.count(credential.client, 1)
            if gate.is_exhausted:
                refusals[number] = hiredis.ReplyError(gate.refusal())
            elif (name := words[0].decode(errors="replace").upper()) in NOT_OVER_HTTP:
                refusals[number] = hiredis.ReplyError(f"ERR Command is not available: '{name}'")
            else:
                passed.append(words)
        replies = iter(await _exchange(str(self._edge.backend_path), credential, passed) if passed else [])
        return [refusals[number] if number in refusals else next(replies) for number in range(len(commands))]


async def _exchange(path: str, credential: Credential, commands: Sequence[Words]) -> list[Any]:
    """What the server replies to a client of this credential. Raises OSError when it is not there."""
    reader, writer = await asyncio.open_unix_connection(path)
    login = encode(b"AUTH", credential.username.encode(), credential.backend_password.encode())
    try:
        writer.write(login + b"".join(encode(*words) for words in commands))
        parser, replies = hiredis.Reader(), list[Any]()
        while len(replies) <= len(commands):
            data = await reader.read(65536)
            if not data:
                raise ConnectionResetError
            parser.feed(data)
            while (reply := parser.gets()) is not False:
                replies.append(reply)
    finally:
        writer.close()
    return replies[1:]


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _pipeline(body: bytes) -> list[Words]:
    commands = _json(body)
    if not isinstance(commands, list) or not commands:
        raise Malformed("failed to parse pipeline request")
    return [_words(command) for command in commands]


def _command(path: str, request: Request) -> Words:
    """The command in the body, or in the path with the body for its last word."""
    if not path:
        return _words(_json(request.body))
    words = [unquote_to_bytes(part) for part in path.split("/")]
    return [*words, request.body] if request.body else words


def _words(command: object) -> Words:
    if not isinstance(command, list) or not command or not all(isinstance(word, str | int | float) for word in command):
        raise Malformed("failed to parse command")
    return [str(word).encode(errors="replace") for word in command]


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        raise Malformed("failed to parse JSON") from None


def _item(reply: Any, is_encoded: bool) -> dict[str, Any]:
    if isinstance(reply, hiredis.ReplyError):
        return {"error": str(reply)}
    return {"result": _plain(reply, is_encoded)}


def _plain(reply: Any, is_encoded: bool) -> Any:
    """A reply as JSON has it. Without base64, bytes that are not text suffer."""
    if isinstance(reply, list):
        return [_plain(each, is_encoded) for each in reply]
    if not isinstance(reply, bytes) or reply == b"OK":
        return "OK" if isinstance(reply, bytes) else reply
    return base64.b64encode(reply).decode() if is_encoded else reply.decode(errors="replace")


def _answer(status: int, payload: object) -> Answer:
    return Answer(status=status, body=json.dumps(payload, ensure_ascii=False).encode())
