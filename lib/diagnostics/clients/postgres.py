"""PostgreSQL directly: one connection, permitted reads only, each message its own read-only transaction.

The limits travel inside the transaction, not in the connection's options: a pooler in transaction mode
would drop those.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import psycopg
from psycopg import AsyncConnection, sql, waiting
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict

from diagnostics.budget import Budget
from diagnostics.clients.postgres_statements import PERMITTED
from diagnostics.errors import (
    ClientError,
    ClientTimeout,
    ConnectFailed,
    NameUnresolved,
    NotAccepting,
    OperationRefused,
    SchemaError,
    SettingsError,
    Unauthorized,
)

APPLICATION = "gpt-agent-runbooks"
STATEMENT_MS = 2000
LOCK_MS = 500
"""How long a statement of ours may run, and wait for a lock (milliseconds)."""
RV = TypeVar("RV")
_FRAME = 4
"""Statements around each message: BEGIN, two limits, COMMIT."""
_OPEN = f"BEGIN READ ONLY; SET LOCAL statement_timeout = {STATEMENT_MS}; SET LOCAL lock_timeout = {LOCK_MS};"
_ON_CONNECTING = (
    ("53300", r"too many clients already|connection slots are reserved|too many connections for database"),
    ("role_limit", r"too many connections for role"),
    ("pooler_full", r"MaxClientsInSessionMode"),
    ("57P03", r"the database system is (starting up|shutting down|in recovery mode|not yet accepting)"),
    ("28P01", r"password authentication failed|no password supplied|SASL authentication failed"),
    ("28000", r"role .* does not exist|no pg_hba\.conf entry"),
    ("3D000", r"database .* does not exist"),
    ("tenant_unknown", r"Tenant or user not found"),
)
"""SQLSTATEs by the server's words: libpq keeps no code of a connection that failed. What bars us alone has a name of
ours: our role's limit, the pooler's, and a project that the pooler does not know: paused, moved or misspelt."""
_NAMES = r"could not translate host name|Name or service not known|nodename nor servname|No address associated"


class _Abrupt(AsyncConnection):
    """Whoever is cancelled leaves at once, the connection with it.

    psycopg would first ask the server to stop and wait ten seconds for its answer. Statements of ours end by their own
    limit, and a server that hangs must not hold the verdict.
    """

    async def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:  # noqa: ASYNC109
        try:
            return await waiting.wait_async(gen, self.pgconn.socket, interval=interval, timeout=timeout)
        except (asyncio.CancelledError, KeyboardInterrupt):
            self.pgconn.finish()
            raise


class PostgresReader:
    """Reads over one connection that is opened at the first read. Not usable after `close`."""

    def __init__(self, url: str, *, budget: Budget, timeout_s: float) -> None:
        self.where = _shown(url)
        self.connect_s: float | None = None
        """How long the connection took (seconds)."""
        self._url = url
        self._budget = budget
        self._timeout_s = timeout_s
        self._lock = asyncio.Lock()
        self._connection: AsyncConnection | None = None
        self._failure: ClientError | None = None

    async def read(self, *statements: str, schema: str = "") -> list[list[tuple[Any, ...]]]:
        """The rows of each statement, all of one snapshot's moment.

        Args:
            statements: from the allow-list; `{schema}` in them becomes `schema`, quoted.

        Raises: ClientError. A connection that failed once is not tried again.
        """
        if not PERMITTED.issuperset(statements):
            raise OperationRefused("only the statements of postgres_statements.py may be sent")
        async with self._lock:
            if self._failure:
                raise self._failure
            try:
                async with asyncio.timeout(self._timeout_s):
                    connection = await self._connect()
                    return await self._ask(connection, statements, schema)
            except (psycopg.Error, OSError, TimeoutError) as error:
                failure = mapped(error, self.where)
                if self._connection is None or self._connection.closed or isinstance(failure, ClientTimeout):
                    self._failure = failure
                raise failure from error

    async def close(self) -> None:
        """End the connection; never raises."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            async with asyncio.timeout(0.5):
                await connection.close()
        except (psycopg.Error, OSError, TimeoutError):
            return

    async def _connect(self) -> AsyncConnection:
        if self._connection is None:
            started = time.monotonic()
            self._connection = await _Abrupt.connect(
                self._url,
                autocommit=True,
                prepare_threshold=None,  # a pooler in transaction mode keeps no prepared statement
                application_name=APPLICATION,
                connect_timeout=max(2, round(self._timeout_s)),
            )
            self.connect_s = round(time.monotonic() - started, 3)
        return self._connection

    async def _ask(
        self, connection: AsyncConnection, statements: Sequence[str], schema: str
    ) -> list[list[tuple[Any, ...]]]:
        """One message: the limits, the statements, the end. The server aborts all of it at the first error."""
        self._budget.spend_sql(len(statements) + _FRAME)
        body = sql.SQL(";").join(_placed(statement, schema) for statement in statements)
        cursor = connection.cursor()
        try:
            await cursor.execute(sql.SQL(_OPEN) + body + sql.SQL("; COMMIT"))
        except psycopg.Error:
            if not connection.closed:
                await connection.execute("ROLLBACK")
            raise
        found = []
        has_more: bool | None = True
        while has_more:
            if cursor.description is not None:
                found.append(await cursor.fetchall())
            has_more = cursor.nextset()
        return found


def mapped(error: BaseException, where: str) -> ClientError:
    """Our error for one of psycopg's: by its SQLSTATE, else by the server's words."""
    told = str(error)
    code = getattr(error, "sqlstate", None) or next((c for c, p in _ON_CONNECTING if re.search(p, told)), "")
    match code:
        case "53300" | "57P03" | "57P01" | "57P02" | "role_limit" | "pooler_full" | "tenant_unknown":
            return NotAccepting(f"{where}: the server takes no connection ({code})", code=code)
        case "28P01" | "28000" | "42501":
            return Unauthorized(f"{where}: the credentials are refused or not permitted ({code})")
        case "3D000":
            return Unauthorized(f"{where}: there is no such database (3D000)")
        case "57014" | "55P03":
            return ClientTimeout(f"{where}: a statement of ours reached its limit ({code})")
        case "":
            return _unconnected(error, told, where)
    if code.startswith("08"):
        return ConnectFailed(f"{where}: the connection broke ({code})")
    return SchemaError(f"{where}: the server answered with an error ({code})", path="$")


def _unconnected(error: BaseException, told: str, where: str) -> ClientError:
    if isinstance(error, TimeoutError | psycopg.errors.ConnectionTimeout) or "timeout expired" in told:
        return ClientTimeout(f"{where}: no answer in time")
    if re.search(_NAMES, told):
        return NameUnresolved(f"{where}: the host name does not resolve")
    if re.search(r"SSL|certificate|TLS", told):
        return ConnectFailed(f"{where}: the TLS connection cannot be secured")
    return ConnectFailed(f"{where}: the connection is refused or broke")


def _placed(statement: str, schema: str) -> sql.Composable:
    text: Any = statement
    return sql.SQL(text).format(schema=sql.Identifier(schema)) if "{schema}" in statement else sql.SQL(text)


def _shown(url: str) -> str:
    """Where it leads, without user and password. Raises SettingsError for what is no address of a database."""
    try:
        parts = conninfo_to_dict(url)
        is_url = urlsplit(url).scheme in ("postgres", "postgresql")
    except (psycopg.Error, ValueError):
        is_url, parts = False, {}
    if not is_url:
        raise SettingsError("the database's address must look like postgresql://postgres:PASSWORD@HOST:5432/postgres")
    host = str(parts.get("host") or "localhost")
    return f"postgresql://{'socket' if host.startswith('/') else host}:{parts.get('port') or 5432}"
