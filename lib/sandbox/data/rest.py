"""PostgREST, as far as the platform uses it: requests become transactions of a database role.

The schema is read once and again when the database says so (`NOTIFY pgrst`); connections come from a small pool.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import AsyncConnection, Error

from sandbox.data.pool import ConnectFailed, Pool, PoolTimeout
from sandbox.data.query import Query, read_query
from sandbox.data.refusals import (
    Refusal,
    bad_body,
    bad_method,
    no_column,
    no_function,
    no_route,
    no_schema_cache,
    no_table,
    not_one_row,
    of_server,
    pool_timeout,
    unreachable,
)
from sandbox.data.schema_cache import Function, SchemaCache, Table, load_schema
from sandbox.data.statements import (
    Statement,
    call_statement,
    delete_statement,
    insert_statement,
    read_statement,
    update_statement,
)

POOL_SIZE = 20
PATIENCE_S = 10.0
"""How long a request waits for a connection: PostgREST's default."""
FIRST_RETRY_S, LONGEST_RETRY_S = 0.25, 2.0
"""Pauses before the schema is asked for again; PostgREST's grow to 32 s, and so would an outage here."""
CHANNEL = "pgrst"
ONE_OBJECT = "application/vnd.pgrst.object+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, its key or token already turned into a role."""

    method: str
    path: str
    """Below `/rest/v1/`."""
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    role: str
    claims: Mapping[str, Any] = field(default_factory=dict)

    def prefers(self, wish: str) -> bool:
        return wish in self.headers.get("prefer", "").replace(" ", "").split(",")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes back."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    total: int | None
    page: int
    body: str


class Rest:
    """The server: `run` keeps its picture of the schema, `answer` answers."""

    def __init__(self, dsn: str, *, log: Callable[[str, str], None]) -> None:
        self._dsn = dsn
        self._log = log
        """Severity and one line, as PostgREST writes to its own log."""
        self.pool = Pool(dsn, size=POOL_SIZE, patience_s=PATIENCE_S)
        self.schema: SchemaCache | None = None
        self.loaded = asyncio.Event()
        """Set once the schema has been read for the first time."""

    async def run(self) -> None:
        """Load the schema, listen for changes, and begin again when the database goes away."""
        pause_s = FIRST_RETRY_S
        while True:
            try:
                await self._listen()
            except (Error, ConnectFailed, PoolTimeout) as error:
                self._log("ERROR", f"Failed to load the schema cache. {str(error).strip()}")
            # Idle connections died with the server: each would cost the next reading of the schema another try.
            await self.pool.close()
            pause_s = FIRST_RETRY_S if self.schema is not None else min(2 * pause_s, LONGEST_RETRY_S)
            self.schema = None
            await asyncio.sleep(pause_s)

    async def close(self) -> None:
        await self.pool.close()

    async def answer(self, call: Call) -> Reply:
        """Do what is asked, or say in PostgREST's words why not."""
        try:
            return await self._answer(call)
        except Refusal as refusal:
            if refusal.status >= 500:
                self._log("ERROR", refusal.body.decode())
            return Reply(status=refusal.status, body=refusal.body)

    async def _listen(self) -> None:
        async with await AsyncConnection.connect(self._dsn, autocommit=True) as listening:
            await listening.execute(f"LISTEN {CHANNEL}".encode())
            await self._load()
            self._log("LOG", "Schema cache loaded")
            async for notice in listening.notifies():
                if notice.payload in ("", "reload schema"):
                    await self._load()

    async def _load(self) -> None:
        async with self.pool.connection() as connection:
            self.schema = await load_schema(connection)
        self.loaded.set()

    async def _answer(self, call: Call) -> Reply:
        schema = self.schema
        if schema is None:
            raise no_schema_cache()
        parts = call.path.strip("/").split("/")
        if parts == [""]:
            return Reply(status=200, body=json.dumps(_description(schema)).encode())
        if parts[0] == "rpc" and len(parts) == 2:
            return await self._call_function(call, _function(schema, parts[1], call))
        if len(parts) > 1:
            raise no_route()
        table = schema.tables.get(parts[0])
        if table is None:
            raise no_table(parts[0], schema.nearest(parts[0]))
        query = read_query(call.query)
        match call.method:
            case "GET" | "HEAD":
                return await self._read(call, table, query)
            case "POST" | "PATCH" | "DELETE":
                return await self._write(call, table, query)
        raise bad_method(call.method)

    async def _read(self, call: Call, table: Table, query: Query) -> Reply:
        rows = await self._run(call, read_statement(table, query, with_total=call.prefers("count=exact")))
        first = query.offset or 0
        span = f"{first}-{first + rows.page - 1}" if rows.page else "*"
        total = "*" if rows.total is None else str(rows.total)
        is_part = rows.total is not None and rows.page < rows.total
        return _shown(call, rows, status=206 if is_part else 200, span=f"{span}/{total}")

    async def _write(self, call: Call, table: Table, query: Query) -> Reply:
        with_rows = call.prefers("return=representation")
        if call.method == "DELETE":
            statement = delete_statement(table, query, with_rows=with_rows)
        else:
            body, names = _payload(call.body, table)
            if call.method == "PATCH":
                statement = update_statement(table, query, body=body, names=names, with_rows=with_rows)
            else:
                conflict = _conflict(call)
                statement = insert_statement(
                    table, query, body=body, names=names, conflict=conflict, with_rows=with_rows
                )
        rows = await self._run(call, statement)
        if with_rows:
            return _shown(call, rows, status=201 if call.method == "POST" else 200, span="*/*")
        return Reply(status=201 if call.method == "POST" else 204, headers={"content-range": "*/*"})

    async def _call_function(self, call: Call, function: Function) -> Reply:
        rows = await self._run(call, call_statement(function, body=call.body.decode() or "{}"))
        if function.returns == "void":
            return Reply(status=204)
        return Reply(status=200, body=(rows.body or "null").encode())

    async def _run(self, call: Call, statement: Statement) -> _Rows:
        """One transaction in one message: role, limits and claims, then the statement."""
        schema = self.schema
        timeout = schema.timeouts.get(call.role) if schema else None
        before = f'SET LOCAL ROLE "{call.role}"; '
        if timeout:
            before += f"SET LOCAL statement_timeout = '{timeout}'; "
        before += "SELECT set_config('request.jwt.claims', %s, true); "
        claims = json.dumps({"role": call.role, **call.claims})
        try:
            async with self.pool.connection() as connection:
                cursor = await connection.execute((before + statement.text).encode(), [claims, *statement.values])
                while cursor.nextset():
                    pass
                row = await cursor.fetchone()
        except PoolTimeout:
            raise pool_timeout() from None
        except ConnectFailed as error:
            raise unreachable(str(error)) from error
        except Error as error:
            raise of_server(error, role=call.role) from error
        assert row is not None
        return _Rows(total=row[0], page=row[1], body=row[2])


def _shown(call: Call, rows: _Rows, *, status: int, span: str) -> Reply:
    body, kind = rows.body, "application/json; charset=utf-8"
    if ONE_OBJECT in call.headers.get("accept", ""):
        if rows.page != 1:
            raise not_one_row(rows.page)
        body, kind = json.dumps(json.loads(body)[0]), f"{ONE_OBJECT}; charset=utf-8"
    return Reply(status=status, body=body.encode(), headers={"content-range": span, "content-type": kind})


def _payload(body: bytes, table: Table) -> tuple[str, tuple[str, ...]]:
    """A body as a JSON array's text, and the columns it sets."""
    try:
        given = json.loads(body or b"{}")
    except ValueError:
        raise bad_body("Empty or invalid json") from None
    rows = given if isinstance(given, list) else [given]
    if not all(isinstance(row, dict) for row in rows):
        raise bad_body("Empty or invalid json")
    names = tuple(rows[0]) if rows else ()
    if any(set(row) != set(names) for row in rows):
        raise bad_body("All object keys must match")
    for name in names:
        if name not in table.columns:
            raise no_column(name, table.name)
    return json.dumps(rows), names


def _conflict(call: Call) -> str:
    if call.prefers("resolution=merge-duplicates"):
        return "merge"
    return "ignore" if call.prefers("resolution=ignore-duplicates") else ""


def _function(schema: SchemaCache, name: str, call: Call) -> Function:
    if call.method != "POST":
        raise bad_method(call.method)
    with contextlib.suppress(ValueError):
        given = json.loads(call.body or b"{}")
        for function in schema.functions:
            if function.name == name and set(function.arguments) == set(given):
                return function
        raise no_function(name, tuple(given))
    raise bad_body("Empty or invalid json")


def _description(schema: SchemaCache) -> dict[str, object]:
    """The OpenAPI document of the root: one path for each table."""
    return {
        "swagger": "2.0",
        "info": {"title": "standard public schema", "version": "13.0.5"},
        "basePath": "/",
        "paths": {"/": {}, **{f"/{name}": {} for name in schema.tables}},
        "definitions": {
            name: {"type": "object", "properties": {column: {"format": kind} for column, kind in table.columns.items()}}
            for name, table in schema.tables.items()
        },
    }
