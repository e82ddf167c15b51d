"""Redis over TCP or TLS: permitted reads only, every command counted, errors mapped once.

One connection a run. AUTH is the whole handshake: no HELLO, no CLIENT SETINFO, no PING, so a token
with `+@read` alone is enough.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from hiredis import pack_command
from redis import exceptions as foreign
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.driver_info import DriverInfo

from diagnostics.budget import Budget
from diagnostics.clients.reader import Command, Reader, Shapes, permit, refusal
from diagnostics.clients.symptoms import recognise
from diagnostics.errors import (
    ClientError,
    ClientTimeout,
    ConnectFailed,
    NameUnresolved,
    QuotaExhausted,
    SchemaError,
    SettingsError,
    Unauthorized,
)
from diagnostics.readings import Symptom

Taken = TypeVar("Taken")
_ANONYMOUS = DriverInfo(name="", lib_version="")
"""Without a name redis-py sends no CLIENT SETINFO, which would be two commands nobody counts or permits."""


class RedisReader(Reader):
    """Reads over one shared connection. Not usable after `close`."""

    def __init__(
        self,
        url: str,
        *,
        budget: Budget,
        timeout_s: float,
        ca_file: Path | None = None,
        connect_timeout_s: float | None = None,
    ) -> None:
        """`connect_timeout_s` bounds connection and TLS handshake; by default they may take all of `timeout_s`."""
        parts = _checked(url)
        self.where = f"{parts.scheme}://{parts.hostname}:{parts.port or 6379}"
        tls: dict[str, Any] = {"ssl_ca_certs": str(ca_file)} if ca_file and parts.scheme == "rediss" else {}
        client = Redis.from_url(
            url,
            protocol=2,
            decode_responses=False,
            socket_connect_timeout=connect_timeout_s or timeout_s,
            # A read is bounded as a whole, below: redis-py's own bound is a timer for each single reply.
            socket_timeout=None,
            retry=Retry(NoBackoff(), 0),
            driver_info=_ANONYMOUS,
            **tls,
        )
        pool: Any = client.connection_pool
        self._link: Any = pool.make_connection()
        self._shapes = Shapes(self.where)
        self._budget = budget
        self._timeout_s = timeout_s
        self._writing, self._reading = asyncio.Lock(), asyncio.Lock()
        self._sent = self._seen = 0
        """Commands sent over the connection, and replies taken from it (count)."""
        self._has_password = bool(parts.password)
        self._is_open = False
        self._failure: ClientError | None = None

    async def read(self, *commands: Command) -> list[Any]:
        """See `Reader.read`. A connection that failed once is not tried again.

        Reads may run side by side: the commands of the next are on their way while the replies of the last arrive.
        """
        permit(commands)
        first = await self._bounded(self._writing, lambda: self._send(commands))
        # Whoever sent first waits for its turn first: a lock serves in the order of asking, and nothing comes between.
        replies = await self._bounded(self._reading, lambda: self._receive(first, len(commands)))
        return self._shapes.of(commands, [_reply(reply, self.where) for reply in replies])

    async def close(self) -> None:
        """End the connection; never raises."""
        try:
            async with asyncio.timeout(0.5):
                await self._link.disconnect()
        except (foreign.RedisError, OSError, TimeoutError):
            return

    async def _bounded(self, turn: asyncio.Lock, step: Callable[[], Coroutine[Any, Any, Taken]]) -> Taken:
        """One half of a read when it is its turn, in time; its failure is that of all later ones."""
        async with turn:
            if self._failure:
                raise self._failure
            try:
                async with asyncio.timeout(self._timeout_s):
                    return await step()
            except (foreign.RedisError, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
                self._failure = mapped(error, self.where)
                raise self._failure from error

    async def _send(self, commands: Sequence[Command]) -> int:
        """The number of the first reply to `commands` among all of this connection."""
        await self._connect()
        self._budget.spend_redis(len(commands))
        first = self._sent
        self._sent += len(commands)
        await self._link.send_packed_command(_packed(commands), check_health=False)
        return first

    async def _receive(self, first: int, count: int) -> list[Any]:
        """Replies from `first` on. Those before it belong to reads that were cancelled, and are dropped."""
        found: list[Any] = []
        while self._seen < first + count:
            try:
                reply = await self._link.read_response(disable_decoding=True, disconnect_on_error=False)
            except foreign.ResponseError as error:
                reply = error
            if self._seen >= first:
                found.append(reply)
            self._seen += 1
        return found

    async def _connect(self) -> None:
        """Before anything but the handshake is paid for: where nobody listens, nothing is received."""
        if not self._is_open:
            self._budget.spend_redis(int(self._has_password))
            await self._link.connect()
            self._is_open = True
        elif not self._link.is_connected:
            # redis-py would open another one, with a handshake that nobody paid for.
            raise foreign.ConnectionError("the connection broke")


def _packed(commands: Sequence[Command]) -> bytes:
    pack: Callable[[Any], bytes] = pack_command
    return b"".join(map(pack, commands))


def mapped(error: BaseException, where: str) -> ClientError:
    """Our error for one of redis-py's; the text of the server decides before the class does."""
    symptom = recognise(str(error))
    if symptom is Symptom.QUOTA_EXHAUSTED:
        return QuotaExhausted(f"{where}: the plan's request limit is reached")
    if symptom is Symptom.CREDENTIALS_REJECTED or isinstance(error, foreign.AuthenticationError):
        return Unauthorized(f"{where}: the credentials are refused")
    if isinstance(error, foreign.TimeoutError) and str(error).startswith("Timeout connecting"):
        return ConnectFailed(f"{where}: no connection in time")
    if isinstance(error, foreign.TimeoutError | TimeoutError):
        return ClientTimeout(f"{where}: no answer in time")
    if _caused_by(error, socket.gaierror) or symptom is Symptom.NAME_UNRESOLVED:
        return NameUnresolved(f"{where}: the host name does not resolve")
    if _caused_by(error, ssl.SSLError):
        return ConnectFailed(f"{where}: the TLS connection cannot be secured")
    if isinstance(error, foreign.InvalidResponse):
        return SchemaError(f"{where}: the answer is not Redis protocol", path="$")
    return ConnectFailed(f"{where}: the connection is refused or broke")


def _reply(reply: Any, where: str) -> Any:
    """Plain replies pass; an error reply that concerns the connection ends the read."""
    if isinstance(reply, foreign.RedisError):
        is_one_command = isinstance(reply, foreign.ResponseError)
        error = refusal(str(reply), where) if is_one_command else mapped(reply, where)
        if isinstance(error, QuotaExhausted):
            raise error
        return error
    return reply


def _checked(url: str) -> Any:
    parts = urlsplit(url)
    try:
        is_good = parts.scheme in ("redis", "rediss") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_good = False
    if not is_good:
        raise SettingsError("the Redis address must look like rediss://default:TOKEN@HOST:6379")
    return parts


def _caused_by(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False
