"""Error lines of the database's services, from Supabase's logs: recognised, counted, and their text dropped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from diagnostics.clients.http import parse
from diagnostics.clients.payload import Payload
from diagnostics.clients.supabase import Management
from diagnostics.clients.symptoms import plain_words, recognise
from diagnostics.errors import SchemaError
from diagnostics.readings import LogGroup, SupabaseLogs, Symptom

LINES = 500
"""Newest lines read, as the query says; the vendor's most is 1000."""
LONGEST = timedelta(hours=24)
"""The vendor refuses a longer window."""
_SOURCES = ("postgres_logs", "supavisor_logs", "pgbouncer_logs", "postgrest_logs")
_QUERY = (
    "select timestamp, source, log_attributes['parsed.error_severity'] as severity, event_message from logs"
    " where source in ('postgres_logs', 'supavisor_logs', 'pgbouncer_logs', 'postgrest_logs')"
    " and match(event_message, '(?i)too many (clients|connections)|remaining connection slots|max client"
    "|connection (refused|reset|timed out)|connection pool|PGRST|statement timeout|lock timeout|deadlock"
    "|permission denied|row-level security|does not exist|read-only transaction|shutting down|starting up')"
    " order by timestamp desc limit 500"
)
"""ClickHouse's dialect. Columns are named and the lines bounded: the vendor refuses `select *`."""


class _Line(Payload):
    timestamp: datetime
    source: str
    event_message: str


class _Lines(Payload):
    result: list[_Line] | None = None
    error: Any = None


async def read_logs(management: Management, since: datetime, until: datetime) -> SupabaseLogs:
    """The window's error lines by service and meaning. Raises ClientError; an error can come with status 200."""
    start = max(since, until - LONGEST).replace(second=0, microsecond=0)
    if start < until - LONGEST:
        start += timedelta(minutes=1)
    query = {"sql": _QUERY, "iso_timestamp_start": _iso(start), "iso_timestamp_end": _iso(until)}
    payload, where = await management.get("/v1/projects/{ref}/analytics/endpoints/logs", query)
    answer = parse(_Lines, payload, where)
    if answer.error or answer.result is None:
        path = "error" if answer.error else "result"
        raise SchemaError(f"{where}: the log service refused the query", path=path)
    lines = answer.result
    is_cut = len(lines) >= LINES
    oldest = min((_ms(line.timestamp) for line in lines), default=_ms(start))
    return SupabaseLogs(
        groups=_groups(lines),
        since_ms=oldest if is_cut else _ms(start),
        until_ms=_ms(until),
        is_cut=is_cut,
    )


def _groups(lines: list[_Line]) -> tuple[LogGroup, ...]:
    """Lines of one service with one meaning together, the most frequent first."""
    found: dict[tuple[str, Symptom], list[tuple[int, str]]] = {}
    for line in lines:
        source = line.source if line.source in _SOURCES else "…"
        symptom = recognise(line.event_message) or Symptom.OTHER
        found.setdefault((source, symptom), []).append((_ms(line.timestamp), plain_words(line.event_message)))
    groups = [
        LogGroup(
            source=source,
            symptom=symptom,
            detail=max(told)[1],
            count=len(told),
            first_ms=min(told)[0],
            last_ms=max(told)[0],
        )
        for (source, symptom), told in found.items()
    ]
    return tuple(sorted(groups, key=lambda g: (-g.count, g.source, g.symptom.value)))


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _ms(at: datetime) -> int:
    """Their times are UTC and carry no zone."""
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
