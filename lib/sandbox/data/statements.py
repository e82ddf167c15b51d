"""Requests as SQL, in the shape PostgREST gives it: one statement that returns its rows as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sandbox.data.query import OPERATORS, Filter, Query
from sandbox.data.schema_cache import Function, Table


@dataclass(slots=True, kw_only=True)
class Statement:
    """SQL with the values of its placeholders."""

    text: str = ""
    values: list[object] = field(default_factory=list)


def read_statement(table: Table, query: Query, *, with_total: bool) -> Statement:
    """Rows of a table; `with_total` also counts those that the limit leaves out."""
    statement = Statement()
    where = _where(table, query.filters, statement)
    total = "NULL::bigint"
    if with_total:
        total = f"(SELECT count(*) FROM {_of(table)}{where})"
        statement.values *= 2  # the count asks first
    order = ", ".join(f"{_of(table)}.{_quoted(column)} {words}".rstrip() for column, words in query.order)
    source = f"SELECT {_columns(table, query)} FROM {_of(table)}{where}"
    source += f" ORDER BY {order}" if order else ""
    source += f" LIMIT {query.limit}" if query.limit is not None else ""
    source += f" OFFSET {query.offset}" if query.offset else ""
    rows = "pg_catalog.count(_postgrest_t) AS page, coalesce(json_agg(_postgrest_t), '[]')::text AS body"
    statement.text = f"SELECT {total} AS total, {rows} FROM ({source}) _postgrest_t"
    return statement


def insert_statement(
    table: Table, query: Query, *, body: str, names: Sequence[str], conflict: str, with_rows: bool
) -> Statement:
    """New rows out of a JSON array. `conflict`: `merge`, `ignore`, or empty to fail."""
    listed = ", ".join(map(_quoted, names))
    source = f"SELECT {listed} FROM {_recordset(table, names)}" if names else "DEFAULT VALUES"
    target = ", ".join(map(_quoted, query.on_conflict or table.primary_key))
    text = f"INSERT INTO {_of(table)}{f'({listed})' if names else ''} {source}"
    if conflict and target:
        changes = ", ".join(f"{_quoted(name)} = EXCLUDED.{_quoted(name)}" for name in names)
        text += f" ON CONFLICT ({target}) DO " + (f"UPDATE SET {changes}" if conflict == "merge" else "NOTHING")
    return _writing(text, table, query, values=[body] if names else [], with_rows=with_rows)


def update_statement(table: Table, query: Query, *, body: str, names: Sequence[str], with_rows: bool) -> Statement:
    """Changed rows; `body` is a JSON array of the one object that says how."""
    statement = Statement(values=[body])
    changes = ", ".join(f"{_quoted(name)} = pgrst_body.{_quoted(name)}" for name in names)
    where = _where(table, query.filters, statement)
    text = f"UPDATE {_of(table)} SET {changes} FROM {_recordset(table, names)}{where}"
    return _writing(text, table, query, values=statement.values, with_rows=with_rows)


def delete_statement(table: Table, query: Query, *, with_rows: bool) -> Statement:
    statement = Statement()
    text = f"DELETE FROM {_of(table)}{_where(table, query.filters, statement)}"
    return _writing(text, table, query, values=statement.values, with_rows=with_rows)


def call_statement(function: Function, *, body: str) -> Statement:
    """A function's result; arguments are taken from a JSON object."""
    given = ", ".join(
        f"{_quoted(name)} => (%s::json ->> '{name}')::{kind}" for name, kind in function.arguments.items()
    )
    called = f'"public".{_quoted(function.name)}({given})'
    values: list[object] = [body] * len(function.arguments)
    source = f"SELECT * FROM {called} pgrst_call" if function.is_set else f"SELECT {called} AS pgrst_scalar"
    shown = "coalesce(json_agg(_postgrest_t), '[]')" if function.is_set else "json_agg(_postgrest_t.pgrst_scalar)->0"
    if function.returns == "void":
        shown = "''"
    text = f"SELECT NULL::bigint AS total, count(*) AS page, ({shown})::text AS body FROM ({source}) _postgrest_t"
    return Statement(text=text, values=values)


def _writing(text: str, table: Table, query: Query, *, values: list[object], with_rows: bool) -> Statement:
    returned = _columns(table, query) if with_rows else "1"
    body = "coalesce(json_agg(_postgrest_t), '[]')::text" if with_rows else "''::text"
    wrapped = f"WITH pgrst_source AS ({text} RETURNING {returned})"
    wrapped += f" SELECT NULL::bigint AS total, count(*) AS page, {body} AS body FROM pgrst_source _postgrest_t"
    return Statement(text=wrapped, values=values)


def _recordset(table: Table, names: Sequence[str]) -> str:
    typed = ", ".join(f"{_quoted(name)} {table.columns[name]}" for name in names)
    return f"json_to_recordset(%s::json) AS pgrst_body({typed})"


def _columns(table: Table, query: Query) -> str:
    def one(column: str, alias: str) -> str:
        if column == "*":
            return f"{_of(table)}.*"
        return f"{_of(table)}.{_quoted(column)}" + (f" AS {_quoted(alias)}" if alias else "")

    return ", ".join(one(each.column, each.alias) for each in query.select)


def _where(table: Table, filters: Iterable[Filter], statement: Statement) -> str:
    """Adds the values it needs to the statement's."""
    terms = []
    for each in filters:
        column = f"{_of(table)}.{_quoted(each.column)}"
        match each.operator:
            case "is":
                term = f"{column} IS {each.value}"
            case "in":
                term = f"{column} = ANY (%s)"
                statement.values.append(each.value)
            case operator:
                term = f"{column} {OPERATORS[operator]} %s"
                statement.values.append(each.value)
        terms.append(f"NOT ({term})" if each.is_negated else term)
    return f" WHERE {' AND '.join(terms)}" if terms else ""


def _of(table: Table) -> str:
    return f'"public".{_quoted(table.name)}'


def _quoted(name: str) -> str:
    """An identifier; a percent sign is doubled for the driver's placeholders."""
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'
