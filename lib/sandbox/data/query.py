"""The part of PostgREST's URL language that the platform speaks."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.data.refusals import unreadable

RESERVED = frozenset(("select", "order", "limit", "offset", "on_conflict", "columns"))
OPERATORS = {
    "eq": "=",
    "neq": "<>",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "like": "LIKE",
    "ilike": "ILIKE",
}
IS = {"null": "NULL", "true": "TRUE", "false": "FALSE", "not_null": "NOT NULL", "unknown": "UNKNOWN"}
DIRECTIONS = {"asc": "ASC", "desc": "DESC", "nullsfirst": "NULLS FIRST", "nullslast": "NULLS LAST"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One condition on one column. `value` is an array's text for `in`, the SQL word for `is`."""

    column: str
    operator: str
    value: str
    is_negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """One column of the answer, and the name it has there."""

    column: str
    alias: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A whole query string."""

    select: tuple[Selected, ...] = (Selected(column="*"),)
    filters: tuple[Filter, ...] = ()
    order: tuple[tuple[str, str], ...] = ()
    """Column and the words after it."""
    limit: int | None = None
    offset: int | None = None
    on_conflict: tuple[str, ...] = ()


def read_query(pairs: Iterable[tuple[str, str]]) -> Query:
    """Understand a query string.

    Raises:
        Refusal: PGRST100, with the part that is not understood.
    """
    given = list(pairs)
    known = {name: value for name, value in given if name in RESERVED}
    return Query(
        select=_select(known.get("select") or "*"),
        filters=tuple(_filter(name, value) for name, value in given if name not in RESERVED),
        order=tuple(_order(term) for term in known["order"].split(",")) if known.get("order") else (),
        limit=_count("limit", known.get("limit")),
        offset=_count("offset", known.get("offset")),
        on_conflict=tuple(known["on_conflict"].split(",")) if known.get("on_conflict") else (),
    )


def _select(text: str) -> tuple[Selected, ...]:
    found = []
    for term in text.split(","):
        alias, _, column = term.strip().rpartition(":")
        if not column or any(letter in column for letter in "()>!"):
            raise unreadable("select parameter", text)
        found.append(Selected(column=column, alias=alias))
    return tuple(found)


def _filter(column: str, text: str) -> Filter:
    operator, found, value = text.partition(".")
    is_negated = operator == "not"
    if is_negated:
        operator, found, value = value.partition(".")
    if found and operator in OPERATORS:
        shown = value.replace("*", "%") if operator.endswith("like") else value
        return Filter(column=column, operator=operator, value=shown, is_negated=is_negated)
    if operator == "is" and value.lower() in IS:
        return Filter(column=column, operator=operator, value=IS[value.lower()], is_negated=is_negated)
    if operator == "in" and value.startswith("(") and value.endswith(")"):
        members = next(csv.reader([value[1:-1]]), [])
        array = "{" + ",".join(json.dumps(each, ensure_ascii=False) for each in members) + "}"
        return Filter(column=column, operator=operator, value=array, is_negated=is_negated)
    raise unreadable("filter", text)


def _order(term: str) -> tuple[str, str]:
    column, *words = term.split(".")
    if not column or any(word not in DIRECTIONS for word in words):
        raise unreadable("order", term)
    return column, " ".join(DIRECTIONS[word] for word in words)


def _count(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal():
        raise unreadable(f"{name} parameter", text)
    return int(text)
