"""Redis over TCP or TLS: an allow-list of reads, every command counted, errors mapped once.

One connection a run. AUTH is the whole handshake: no HELLO, no CLIENT SETINFO, no PING, so a token
with `+@read` alone is enough. Only single reads bounded in size are permitted; see `ALLOWED`.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from redis import exceptions as foreign
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from diagnostics.budget import Budget
from diagnostics.clients.symptoms import recognise
from diagnostics.errors import (
    ClientError,
    ClientTimeout,
    ConnectFailed,
    NameUnresolved,
    OperationRefused,
    QuotaExhausted,
    SchemaError,
    SettingsError,
    Unauthorized,
)
from diagnostics.readings import Symptom

Command: TypeAlias = tuple[str | int, ...]
ALLOWED = frozenset(
    "EXISTS LLEN ZCARD GET MGET HGET HMGET LRANGE ZRANGE XREVRANGE PTTL SCAN DBSIZE SORT_RO EVAL_RO INFO".split()
)


class RedisReader:
    """Reads over one shared connection. Not usable after `close`."""

    def __init__(self, url: str, *, budget: Budget, timeout_s: float, ca_file: Path | None = None) -> None:
        parts = _checked(url)
        self.where = f"{parts.scheme}://{parts.hostname}:{parts.port or 6379}"
        tls: dict[str, Any] = {"ssl_ca_certs": str(ca_file)} if ca_file and parts.scheme == "rediss" else {}
        self._client = Redis.from_url(
            url,
            protocol=2,
            decode_responses=False,
            single_connection_client=True,
            socket_connect_timeout=timeout_s,
            socket_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
            lib_name=None,
            lib_version=None,
            **tls,
        )
        self._budget = budget
        self._timeout_s = timeout_s
        self._lock = asyncio.Lock()
        self._has_password = bool(parts.password)
        self._is_open = False
        self._failure: ClientError | None = None

    async def read(self, *commands: Command) -> list[Any]:
        """Send `commands` in one pipeline (no MULTI) and return their replies; a refused one is an error object.

        Raises: ClientError when the connection, not one command, failed; BudgetExhausted; OperationRefused.
        """
        for command in commands:
            if command[0] not in ALLOWED:
                raise OperationRefused(f"{command[0]} is not among the permitted reads")
        async with self._lock:
            if self._failure:
                raise self._failure
            self._budget.spend_redis(len(commands) + (0 if self._is_open else int(self._has_password)))
            self._is_open = True
            try:
                async with asyncio.timeout(self._timeout_s):
                    pipe = self._client.pipeline(transaction=False)
                    for command in commands:
                        pipe.execute_command(*command)
                    replies = await pipe.execute(raise_on_error=False)
            except (foreign.RedisError, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
                self._failure = mapped(error, self.where)
                raise self._failure from error
        return [_reply(reply, self.where) for reply in replies]

    async def latency(self, key: str) -> float:
        """Seconds of one EXISTS, connection included when it is the first command."""
        started = time.monotonic()
        await self.read(("EXISTS", key))
        return time.monotonic() - started

    async def close(self) -> None:
        """End the connection; never raises."""
        try:
            async with asyncio.timeout(0.5):
                await self._client.aclose()
        except (foreign.RedisError, OSError, TimeoutError):
            return


def mapped(error: BaseException, where: str) -> ClientError:
    """Our error for one of redis-py's; the text of the server decides before the class does."""
    symptom = recognise(str(error))
    if symptom is Symptom.QUOTA_EXHAUSTED:
        return QuotaExhausted(f"{where}: the plan's request limit is reached")
    if symptom is Symptom.CREDENTIALS_REJECTED or isinstance(error, foreign.AuthenticationError):
        return Unauthorized(f"{where}: the credentials are refused")
    if isinstance(error, foreign.NoPermissionError):
        return Unauthorized(f"{where}: the credentials do not permit this read")
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
    if isinstance(reply, Exception):
        error = mapped(reply, where) if isinstance(reply, foreign.RedisError) else reply
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
