"""The project's logs, searched with SQL: the diary's lines of a window as a table, ClickHouse's spelling translated.

SQLite answers. Of ClickHouse's dialect it understands what a log search needs; anything else is the error
that the real service gives, in an answer with status 200.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from sandbox.data.diary import DiaryLine

DEFAULT_SPAN = timedelta(minutes=1)
LONGEST_SPAN = timedelta(hours=24)
LONGEST_ANSWER = 1000
COLUMNS = ("id", "timestamp", "event_message", "severity_text", "source", "log_attributes")
_ATTRIBUTE = re.compile(r"log_attributes\[('(?:[^']|'')*')\]")
_REFUSED = re.compile(r"select\s+\*|count\(\s*\*\s*\)", re.IGNORECASE)


class BadWindow(ValueError):
    """A span that is not searched; the text is the API's."""


def window(start: str | None, end: str | None, now: datetime) -> tuple[datetime, datetime]:
    """The span to search, rounded to minutes. Without both ends only the last minute.

    Raises:
        BadWindow: unreadable, upside down or longer than a day.
    """
    if not start or not end:
        return now - DEFAULT_SPAN, now
    try:
        since, until = datetime.fromisoformat(start), datetime.fromisoformat(end)
    except ValueError:
        raise BadWindow("Invalid ISO timestamp") from None
    since, until = (each.replace(tzinfo=each.tzinfo or UTC) for each in (since, until))
    if until - since > LONGEST_SPAN:
        raise BadWindow("The time range must not exceed 24 hours")
    if until < since:
        raise BadWindow("iso_timestamp_end must be after iso_timestamp_start")
    return since.replace(second=0, microsecond=0), until.replace(second=0, microsecond=0) + timedelta(minutes=1)


def search(lines: Iterable[DiaryLine], sql: str) -> Mapping[str, object]:
    """Rows of one query over some lines; `error` says what was wrong with it."""
    if _REFUSED.search(sql):
        return {"result": [], "error": "Wildcards are not allowed: name the columns and use count()"}
    with sqlite3.connect(":memory:") as table:
        table.row_factory = sqlite3.Row
        _prepare(table)
        table.executemany("INSERT INTO logs VALUES (?, ?, ?, ?, ?, ?)", map(_row, lines))
        table.execute("PRAGMA query_only = on")
        try:
            rows = table.execute(_translated(sql)).fetchmany(LONGEST_ANSWER)
        except (sqlite3.Error, sqlite3.Warning) as error:
            return {"result": [], "error": str(error)}
    return {"result": [dict(row) for row in rows]}


def _prepare(table: sqlite3.Connection) -> None:
    table.execute(f"CREATE TABLE logs ({', '.join(COLUMNS)})")
    table.create_function("match", 2, lambda text, pattern: bool(re.search(pattern, text or "")), deterministic=True)
    table.create_function("attribute", 2, lambda found, name: json.loads(found).get(name, ""), deterministic=True)
    table.create_function("toInt32OrZero", 1, lambda text: int(text) if str(text).isdecimal() else 0)
    table.create_function("toStartOfMinute", 1, lambda at: at[:16] + ":00")


def _translated(sql: str) -> str:
    spelled = _ATTRIBUTE.sub(r"attribute(log_attributes, \1)", sql)
    spelled = re.sub(r"\bcount\(\s*\)", "count(*)", spelled, flags=re.IGNORECASE)
    return re.sub(r"\bilike\b", "LIKE", spelled, flags=re.IGNORECASE)


def _row(line: DiaryLine) -> tuple[str, ...]:
    at = line.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return line.id, at, line.message, line.severity, line.source, json.dumps(line.attributes)
