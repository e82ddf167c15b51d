"""What Sentry keeps: events in their issues, the spans of requests, and what became of everything sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sandbox.vendors.sentry_events import Span, StoredEvent

KEPT_EVENTS = 20_000
KEPT_SPANS = 50_000
NEW_FOR = timedelta(days=7)
"""How long an issue is called new. Source: Sentry's issue states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Half-open interval `[start, end)` a question is about."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


@dataclass(slots=True, kw_only=True)
class Note:
    """A comment on an issue."""

    id: str
    text: str
    at: datetime


@dataclass(slots=True, kw_only=True)
class Issue:
    """All events of one group, oldest first."""

    id: str
    number: int
    first_seen: datetime
    first_release: str
    events: list[StoredEvent] = field(default_factory=list)
    status: str = "unresolved"
    has_regressed: bool = False
    assigned_to: str = ""
    priority: str = ""
    notes: list[Note] = field(default_factory=list)

    @property
    def newest(self) -> StoredEvent:
        return self.events[-1]

    @property
    def last_seen(self) -> datetime:
        return max(event.at for event in self.events)

    def within(self, period: Period) -> list[StoredEvent]:
        """Events of a period."""
        return [event for event in self.events if period.holds(event.at)]

    def substatus(self, now: datetime) -> str | None:
        """Sentry's finer word for an unresolved issue."""
        if self.status != "unresolved":
            return "archived_until_escalating" if self.status == "ignored" else None
        if self.has_regressed:
            return "regressed"
        return "new" if now - self.first_seen < NEW_FOR else "ongoing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one item that was sent. `category` is Sentry's: `error` or `transaction`."""

    at: datetime
    category: str
    outcome: str
    quantity: int = 1


@dataclass(slots=True, kw_only=True)
class SentryStore:
    """One project's data. The oldest is dropped when there is too much."""

    issues: dict[tuple[str, ...], Issue] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    _kept: int = 0

    def take(self, event: StoredEvent) -> Issue:
        """File an event; one that arrives in a resolved issue brings it back."""
        issue = self.issues.get(event.group)
        if issue is None:
            number = len(self.issues) + 1
            issue = self.issues[event.group] = Issue(
                id=str(5_123_000_000 + number),
                number=number,
                first_seen=event.at,
                first_release=event.tags.get("release", ""),
            )
        issue.first_seen = min(issue.first_seen, event.at)
        issue.events.append(event)
        if len(issue.events) > 1 and event.at < issue.events[-2].at:
            issue.events.sort(key=lambda each: each.at)
        if issue.status == "resolved":
            issue.status, issue.has_regressed = "unresolved", True
        self._kept += 1
        if self._kept > KEPT_EVENTS:
            self._forget()
        return issue

    def trace(self, span: Span) -> None:
        """Keep the span of a request."""
        self.spans.append(span)
        if len(self.spans) > KEPT_SPANS:
            del self.spans[: KEPT_SPANS // 10]

    def account(self, category: str, outcome: str, *, at: datetime | None = None, quantity: int = 1) -> None:
        """Write down what became of something that was sent."""
        moment = at or datetime.now(UTC)
        self.outcomes.append(Outcome(at=moment, category=category, outcome=outcome, quantity=quantity))

    def by_id(self, issue_id: str) -> Issue | None:
        """The issue with this id."""
        return next((each for each in self.issues.values() if each.id == issue_id), None)

    def events(self, period: Period) -> list[tuple[Issue, StoredEvent]]:
        """Events of a period with their issues, oldest first."""
        found = [(issue, event) for issue in self.issues.values() for event in issue.within(period)]
        return sorted(found, key=lambda pair: pair[1].at)

    def releases(self) -> dict[str, list[datetime]]:
        """When each release was heard of, by its name."""
        heard: dict[str, list[datetime]] = {}
        for version, at in self._heard():
            if version:
                heard.setdefault(version, []).append(at)
        return heard

    def _heard(self) -> Iterable[tuple[str, datetime]]:
        for issue in self.issues.values():
            for event in issue.events:
                yield event.tags.get("release", ""), event.at
        for span in self.spans:
            yield span.tags.get("release", ""), span.at

    def _forget(self) -> None:
        """Drop the oldest half of the largest issue."""
        largest = max(self.issues.values(), key=lambda each: len(each.events))
        gone = len(largest.events) // 2
        del largest.events[:gone]
        self._kept -= gone


def users_of(events: Sequence[StoredEvent]) -> int:
    """Distinct users among events; events without one count for nobody."""
    return len({event.user for event in events if event.user})


def tag_counts(events: Iterable[StoredEvent], key: str) -> Counter[str]:
    """How often each value of a tag occurs."""
    return Counter(event.tags[key] for event in events if key in event.tags)
