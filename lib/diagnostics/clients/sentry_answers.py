"""Sentry's answers as they come, and what is kept of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, RootModel

from diagnostics.clients.payload import Payload
from diagnostics.clients.sentry_words import detail_of, file_of, kind_of, nature_of, release_of, route_of
from diagnostics.errors import SchemaError
from diagnostics.readings import Frame, SentryIssue, SentryLatest, Side, TagSpread

MOST_FRAMES = 5
KEPT_TAGS = frozenset(
    ("environment", "level", "handled", "service", "component", "error_type", "error_code", "transaction", "jobType")
)
"""Tags of an event whose values are kept."""
Row = dict[str, str | float | int | None]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Metadata(Payload):
    type: str | None = None
    value: str | None = None
    filename: str | None = None
    title: str | None = None


class Issue(Payload):
    """One row of the list of issues. `count` is a string."""

    id: str
    shortId: str
    title: str
    culprit: str | None = None
    level: str
    platform: str | None = None
    substatus: str | None = None
    metadata: _Metadata = _Metadata()
    count: str
    userCount: int
    firstSeen: datetime
    lastSeen: datetime

    def reading(self, *, recent_events: int) -> SentryIssue:
        """What is kept of it."""
        is_browser = (self.platform or "").startswith("javascript")
        kind, message = self.metadata.type or "", self.metadata.value or self.metadata.title or self.title
        return SentryIssue(
            id=self.id,
            short_id=route_of(self.shortId),
            kind=kind_of(kind),
            detail=detail_of(message),
            culprit=route_of(self.culprit or ""),
            nature=nature_of(kind=kind, message=message, file=self.metadata.filename or "", is_browser=is_browser),
            side=Side.BROWSER if is_browser else Side.SERVER,
            level=kind_of(self.level),
            substatus=kind_of(self.substatus or ""),
            events=number_of(self.count),
            recent_events=recent_events,
            users=self.userCount,
            first_seen=self.firstSeen,
            last_seen=self.lastSeen,
        )


class IssueList(RootModel[list[Issue]]):
    """One page of issues."""


class _Frame(Payload):
    filename: str | None = None
    function: str | None = None
    lineNo: int | None = None
    inApp: bool | None = None


class _Stack(Payload):
    frames: list[_Frame] | None = None


class _Exception(Payload):
    type: str | None = None
    value: str | None = None
    stacktrace: _Stack | None = None


class _Pair(Payload):
    key: str
    value: str | None = None


class _Release(Payload):
    version: str = ""


class Event(Payload):
    """One event. Everything not named here is not even read into memory of ours."""

    dateCreated: datetime
    title: str = ""
    tags: list[_Pair] = Field(default_factory=list)
    entries: list[dict[str, Any]] = Field(default_factory=list)
    release: _Release | None = None

    def exception(self) -> _Exception | None:
        """The exception that was caught."""
        for entry in self.entries:
            if entry.get("type") == "exception":
                values = (entry.get("data") or {}).get("values") or []
                return _Exception.model_validate(values[-1]) if values else None
        return None


class _TagValue(Payload):
    value: str | None = None
    count: int | None = None


class Tag(Payload):
    """How an issue's events spread over one tag."""

    key: str
    uniqueValues: int | None = None
    totalValues: int = 0
    topValues: list[_TagValue] = Field(default_factory=list)

    def reading(self, *, keeps_values: bool) -> TagSpread:
        """Counts, and the values where they name no person."""
        top = [(route_of(each.value or ""), each.count or 0) for each in self.topValues[:10]] if keeps_values else []
        values = len(self.topValues) if self.uniqueValues is None else self.uniqueValues
        return TagSpread(key=self.key, values=values, events=self.totalValues, top=tuple(top))


class _Point(Payload):
    timestamp: Finite
    value: Finite | None
    incomplete: bool = False


class _Series(Payload):
    values: list[_Point]


class SeriesAnswer(Payload):
    """One series; its last bucket is usually incomplete."""

    timeSeries: list[_Series]

    def complete(self) -> list[tuple[int, int | None]]:
        """Start (epoch ms) and count of each complete bucket; `None` where Sentry has none."""
        points = self.timeSeries[0].values if self.timeSeries else []
        return [(int(p.timestamp), None if p.value is None else int(p.value)) for p in points if not p.incomplete]

    def running(self) -> int:
        """Count of the bucket that has not ended: it can only grow."""
        points = self.timeSeries[0].values if self.timeSeries else []
        return sum(int(p.value or 0) for p in points if p.incomplete)


class EventTable(Payload):
    """Rows of aggregates."""

    data: list[Row]

    def total(self, name: str) -> int:
        """A count over everything. Raises SchemaError when it is not there: no row of it is no zero."""
        value = self.data[0].get(name) if self.data else None
        if not isinstance(value, int | float):
            raise SchemaError(f"Sentry: field data.{name} is missing", path=f"data.{name}")
        return int(value)


class _Group(Payload):
    by: dict[str, Any]
    totals: dict[str, Finite | None]

    def quantity(self) -> int:
        """How many met this outcome. Raises SchemaError."""
        quantity = self.totals.get("sum(quantity)")
        if quantity is None:
            raise SchemaError("Sentry: field totals.sum(quantity) is missing", path="totals.sum(quantity)")
        return int(quantity)


class OutcomeTable(Payload):
    """What became of what was sent."""

    groups: list[_Group]

    def totals(self) -> tuple[tuple[str, int], ...]:
        """Outcome and quantity. Raises SchemaError where a quantity is missing: it is no zero."""
        return tuple((kind_of(str(group.by.get("outcome", ""))), group.quantity()) for group in self.groups)


class _ReleaseRow(Payload):
    version: str
    dateCreated: datetime | None = None
    newGroups: int = 0


class ReleaseList(RootModel[list[_ReleaseRow]]):
    """One page of releases."""


def latest_of(issue_id: str, event: Event, spreads: Sequence[TagSpread]) -> SentryLatest:
    """What is kept of the newest event of an issue."""
    error = event.exception()
    message = (error.value or "") if error else event.title
    return SentryLatest(
        issue_id=issue_id,
        at=event.dateCreated,
        kind=kind_of((error.type or "") if error else ""),
        detail=detail_of(message),
        frames=_frames(error),
        tags=tuple((pair.key, route_of(pair.value or "")) for pair in event.tags if pair.key in KEPT_TAGS),
        release=release_of(event.release.version if event.release else ""),
        spreads=tuple(spreads),
    )


def number_of(count: str) -> int:
    """A count written as text. Raises SchemaError."""
    if not count.isdigit():
        raise SchemaError("Sentry: field count is not as documented", path="count")
    return int(count)


def _frames(error: _Exception | None) -> tuple[Frame, ...]:
    """Frames of our own code, innermost first; Sentry sends the oldest first."""
    found = (error.stacktrace.frames or []) if error and error.stacktrace else []
    own = [frame for frame in reversed(found) if frame.inApp] or list(reversed(found))[:1]
    return tuple(
        Frame(file=file_of(f.filename or ""), function=route_of(f.function or ""), line=f.lineNo)
        for f in own[:MOST_FRAMES]
    )
