"""What PostgREST believes the database looks like: read once, and again when told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from psycopg import AsyncConnection

_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
       coalesce((SELECT true FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)),
                false)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname, a.attnum
"""
_FUNCTIONS = """
SELECT p.proname, coalesce(p.proargnames[1:p.pronargs], '{}'),
       ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) t), p.proretset, p.prorettype::regtype::text
FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'
"""
_TIMEOUTS = """
SELECT r.rolname, split_part(setting, '=', 2)
FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) setting
WHERE setting LIKE 'statement_timeout=%'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table or view: its columns with their types, in their order."""

    name: str
    columns: Mapping[str, str]
    primary_key: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function that may be called by name."""

    name: str
    arguments: Mapping[str, str]
    """Name → type."""
    is_set: bool
    returns: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaCache:
    """The schema `public` at one moment."""

    tables: Mapping[str, Table]
    functions: tuple[Function, ...]
    timeouts: Mapping[str, str]
    """Role → its own statement timeout; PostgREST sets it for every request of that role."""

    def nearest(self, name: str) -> str | None:
        """The table whose name comes closest."""
        return next(iter(get_close_matches(name, self.tables, n=1)), None)


async def load_schema(connection: AsyncConnection) -> SchemaCache:
    """Ask the catalogs."""
    columns = await _rows(connection, _COLUMNS)
    names = dict.fromkeys(row[0] for row in columns)
    tables = {
        name: Table(
            name=name,
            columns={row[1]: row[2] for row in columns if row[0] == name},
            primary_key=tuple(row[1] for row in columns if row[0] == name and row[3]),
        )
        for name in names
    }
    functions = tuple(
        Function(name=name, arguments=dict(zip(words, types, strict=True)), is_set=is_set, returns=returns)
        for name, words, types, is_set, returns in await _rows(connection, _FUNCTIONS)
        if len(words) == len(types)
    )
    return SchemaCache(tables=tables, functions=functions, timeouts=dict(await _rows(connection, _TIMEOUTS)))


async def _rows(connection: AsyncConnection, query: str) -> list[Any]:
    return await (await connection.execute(query.encode())).fetchall()
