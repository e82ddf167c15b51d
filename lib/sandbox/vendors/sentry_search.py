"""Sentry's search text, as much of it as the runbooks send: `key:value`, `!key:value`, lists and free words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from sandbox.vendors.sentry_events import StoredEvent
from sandbox.vendors.sentry_store import Issue, Period

_TERM = re.compile(r'(!?)([\w.\[\]-]+):("[^"]*"|\[[^\]]*\]|\S+)|(\S+)')
_SPAN = re.compile(r"(\d{1,5})([smhdw])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
DEFAULT_PERIOD = timedelta(days=14)
LONGEST_PERIOD = timedelta(days=90)


class BadQuery(ValueError):
    """The question cannot be understood; `str()` is Sentry's `detail`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One condition. `key` is empty for a free word."""

    key: str
    values: tuple[str, ...]
    is_negated: bool = False

    def accepts(self, found: str) -> bool:
        """Whether a value meets the condition."""
        meets = any(fnmatchcase(found, value) if "*" in value else found == value for value in self.values)
        return meets is not self.is_negated


def terms(query: str) -> list[Term]:
    """The conditions of a search text."""
    found = []
    for bang, key, value, word in _TERM.findall(query):
        if word:
            found.append(Term(key="", values=(word.strip('"'),)))
            continue
        inner = value[1:-1].split(",") if value.startswith("[") else [value]
        found.append(Term(key=key, values=tuple(each.strip().strip('"') for each in inner), is_negated=bool(bang)))
    return found


def meets_issue(issue: Issue, wanted: list[Term], now: datetime) -> bool:
    """Whether an issue is asked for."""
    return all(_issue_meets(issue, term, now) for term in wanted)


def _issue_meets(issue: Issue, term: Term, now: datetime) -> bool:
    if term.key == "is":
        states = (issue.status, issue.substatus(now) or "", "unhandled" if not issue.newest.is_handled else "handled")
        return any(value in states for value in term.values) is not term.is_negated
    return any(meets_event(issue, event, [term]) for event in reversed(issue.events[-100:]))


def meets_event(issue: Issue, event: StoredEvent, wanted: list[Term]) -> bool:
    """Whether an event is asked for."""
    for term in wanted:
        if term.key == "":
            if term.values[0].lower() not in event.title.lower():
                return False
        elif not term.accepts(field_of(issue, event, term.key)):
            return False
    return True


def field_of(issue: Issue, event: StoredEvent, name: str) -> str:
    """One field of an event, a tag where it is no field."""
    fields = {
        "id": event.id,
        "issue": f"JAVASCRIPT-NEXTJS-{issue.number}",
        "issue.id": issue.id,
        "title": event.title,
        "culprit": event.culprit,
        "level": event.level,
        "event.type": event.type,
        "error.type": event.metadata.get("type", ""),
        "platform": str(event.payload.get("platform") or "other"),
        "timestamp": stamp(event.at),
    }
    if name in fields:
        return fields[name]
    key = name.removeprefix("tags[").removesuffix("]")
    return event.tags.get(key, "")


def period_of(query: dict[str, str], now: datetime) -> Period:
    """The period a request names by `statsPeriod`, or by `start` and `end`. Raises BadQuery."""
    if "start" in query or "end" in query:
        try:
            start, end = (datetime.fromisoformat(query[name].replace("Z", "+00:00")) for name in ("start", "end"))
        except (KeyError, ValueError):
            raise BadQuery("start and end are both required and must be valid dates") from None
        utc = [each if each.tzinfo else each.replace(tzinfo=UTC) for each in (start, end)]
        if utc[0] >= utc[1]:
            raise BadQuery("start must be before end")
        return Period(start=utc[0], end=utc[1])
    given = query.get("statsPeriod")
    if given is None:
        return Period(start=now - DEFAULT_PERIOD, end=now)
    match = _SPAN.fullmatch(given)
    if match is None or int(match[1]) == 0:
        raise BadQuery(f"Invalid statsPeriod: {given!r}")
    length = timedelta(seconds=int(match[1]) * _UNITS[match[2]])
    if length > LONGEST_PERIOD:
        raise BadQuery("Invalid date range. Please try a more recent date range.")
    return Period(start=now - length, end=now)


def seconds_of(interval: str) -> int:
    """An interval in seconds, written as a number or like `5m`. Raises BadQuery."""
    match = _SPAN.fullmatch(interval)
    if match is None and not (interval.isdigit() and int(interval)):
        raise BadQuery("Invalid interval")
    return int(match[1]) * _UNITS[match[2]] if match else int(interval)


def stamp(moment: datetime) -> str:
    """An instant as Sentry writes it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
