"""Sentry's tables and series: aggregates over errors and spans, and what became of everything sent."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.vendors.sentry_events import Span
from sandbox.vendors.sentry_search import BadQuery, Term, field_of, meets_event, stamp
from sandbox.vendors.sentry_store import Period, SentryStore

DATASETS = frozenset(("errors", "logs", "spans", "profile_functions", "tracemetrics", "uptime_results"))
MOST_FIELDS = 20
MOST_POINTS = 10_000
_CALL = re.compile(r"([a-z_0-9]+)\(([^)]*)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One event or span as a table sees it."""

    at: datetime
    fields: Callable[[str], str]
    duration_ms: float = 0.0
    has_failed: bool = False


def rows_of(store: SentryStore, dataset: str, period: Period, wanted: list[Term]) -> list[Row]:
    """The rows of a dataset that meet the conditions. Raises BadQuery."""
    if dataset not in DATASETS:
        raise BadQuery(f"dataset must be one of: {', '.join(sorted(DATASETS))}")
    if dataset == "errors":
        found = [(i, e) for i, e in store.events(period) if meets_event(i, e, wanted)]
        return [Row(at=e.at, fields=lambda name, i=i, e=e: field_of(i, e, name)) for i, e in found]  # type: ignore[misc]
    if dataset == "spans":
        return [_span_row(span) for span in store.spans if period.holds(span.at) and _span_meets(span, wanted)]
    return []


def table(rows: Sequence[Row], fields: Sequence[str]) -> list[dict[str, Any]]:
    """Aggregates of rows that agree in all plain fields. Raises BadQuery."""
    if not fields or len(fields) > MOST_FIELDS:
        raise BadQuery("No columns selected" if not fields else "You can view up to 20 fields at a time.")
    plain = [name for name in fields if not _CALL.fullmatch(name)]
    if len(plain) == len(fields):
        return [{name: row.fields(name) or None for name in fields} for row in reversed(rows)]
    groups: dict[tuple[str, ...], list[Row]] = {}
    if not plain:
        groups[()] = []
    for row in rows:
        groups.setdefault(tuple(row.fields(name) for name in plain), []).append(row)
    return [
        {
            **{name: value or None for name, value in zip(plain, key, strict=True)},
            **{name: aggregate(members, name) for name in fields if name not in plain},
        }
        for key, members in groups.items()
    ]


def aggregate(rows: Sequence[Row], name: str) -> float | int | None:
    """One function over rows; `None` where there is nothing to compute it from. Raises BadQuery."""
    match = _CALL.fullmatch(name)
    if match is None:
        raise BadQuery(f"{name} is not a function")
    function, argument = match[1], match[2]
    failed = sum(row.has_failed for row in rows)
    if function == "count_unique":
        return len({value for row in rows if (value := row.fields(argument))})
    if argument and function in _OF_DURATIONS:
        return _OF_DURATIONS[function](sorted(row.duration_ms for row in rows)) if rows else None
    match function:
        case "count":
            return len(rows)
        case "failure_count":
            return failed
        case "failure_rate":
            return failed / len(rows) if rows else None
        case "last_seen":
            return None
        case _:
            raise BadQuery(f"{function}() is not a function")


def series(rows: Iterable[Row], y_axis: str, period: Period, step_s: int, now: datetime) -> dict[str, Any]:
    """One aggregate per bucket, all buckets of the period, the running one `incomplete`. Raises BadQuery."""
    first = math.floor(period.start.timestamp() / step_s) * step_s
    count = math.ceil((period.end.timestamp() - first) / step_s)
    if count > MOST_POINTS:
        raise BadQuery("Your interval and date range would create too many results. Use a larger interval.")
    buckets: list[list[Row]] = [[] for _ in range(count)]
    for row in rows:
        index = int((row.at.timestamp() - first) // step_s)
        if 0 <= index < count:
            buckets[index].append(row)
    values = [
        {
            "timestamp": (first + index * step_s) * 1000,
            "value": aggregate(members, y_axis) or 0,
            "incomplete": first + (index + 1) * step_s > now.timestamp(),
        }
        for index, members in enumerate(buckets)
    ]
    kind = "duration" if "duration" in y_axis else "percentage" if y_axis == "failure_rate()" else "integer"
    unit = "millisecond" if kind == "duration" else None
    return {
        "yAxis": y_axis,
        "values": values,
        "meta": {"valueType": kind, "valueUnit": unit, "interval": step_s * 1000},
    }


def meta_of(fields: Sequence[str], dataset: str) -> dict[str, Any]:
    """Types and units of a table's columns."""
    kinds = {name: _kind(name) for name in fields}
    units = {name: "millisecond" if kind == "duration" else None for name, kind in kinds.items()}
    return {"fields": kinds, "units": units, "dataset": dataset, "isMetricsData": False}


def outcomes(store: SentryStore, period: Period, step_s: int, category: str, group: bool) -> dict[str, Any]:
    """The answer of `stats_v2` for `sum(quantity)`."""
    step = timedelta(seconds=step_s)
    first = period.start - timedelta(seconds=period.start.timestamp() % step_s)
    starts = [first + step * index for index in range(math.ceil((period.end - first) / step))]
    cells: dict[str, Counter[int]] = {}
    for each in store.outcomes:
        if period.holds(each.at) and each.category == category:
            cell = cells.setdefault(each.outcome if group else "", Counter())
            cell[int((each.at - first) / step)] += each.quantity
    return {
        "start": stamp(first)[:19] + "Z",
        "end": stamp(period.end)[:19] + "Z",
        "intervals": [stamp(start)[:19] + "Z" for start in starts],
        "groups": [
            {
                "by": {"outcome": outcome} if group else {},
                "totals": {"sum(quantity)": sum(cell.values())},
                "series": {"sum(quantity)": [cell[index] for index in range(len(starts))]},
            }
            for outcome, cell in sorted(cells.items())
        ],
    }


def _span_row(span: Span) -> Row:
    known = {"transaction": span.name, "span.op": span.op, "span.status": span.status, "is_transaction": "true"}
    return Row(
        at=span.at,
        fields=lambda name: known.get(name) or span.tags.get(name, ""),
        duration_ms=span.duration_ms,
        has_failed=span.has_failed,
    )


def _span_meets(span: Span, wanted: list[Term]) -> bool:
    row = _span_row(span)
    return all(term.accepts(row.fields(term.key)) for term in wanted if term.key)


def _percentile(share: float) -> Callable[[Sequence[float]], float]:
    def at(values: Sequence[float]) -> float:
        return values[max(0, math.ceil(share * len(values)) - 1)]

    return at


_OF_DURATIONS: Mapping[str, Callable[[Sequence[float]], float]] = {
    **{f"p{number}": _percentile(number / 100) for number in (50, 75, 90, 95, 99)},
    "avg": lambda values: sum(values) / len(values),
    "sum": sum,
    "min": min,
    "max": max,
}


def _kind(name: str) -> str:
    if "duration" in name:
        return "duration"
    if name == "failure_rate()":
        return "percentage"
    return "integer" if _CALL.fullmatch(name) else "string"
