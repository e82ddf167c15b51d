"""What Sentry says about errors and requests. User data, request bodies and variables are dropped in the client."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Nature(Enum):
    """What kind of error an issue is, by its type, message, file and platform; `clients/sentry_words.py` decides."""

    CODE = "code"
    """Nothing else fits: the application's own code."""
    UPSTREAM_TIMEOUT = "upstream_timeout"
    UPSTREAM_ERROR = "upstream_error"
    """Another service refused or answered with an error."""
    DATABASE = "database"
    DEPLOY_SKEW = "deploy_skew"
    """A tab of the release before asks for what the new one no longer has."""
    EXTENSION = "extension"
    """A browser extension's code, not ours."""
    OFFLINE = "offline"
    """The visitor's own connection, or a request the browser gave up."""


class Side(Enum):
    """Who reported an issue."""

    BROWSER = "browser"
    SERVER = "server"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentryIssue:
    """One unresolved issue. Counts are events; `users` are distinct known users of the window."""

    id: str
    short_id: str
    kind: str
    """The exception's type, or empty for a message."""
    detail: str
    """Redacted remainder of the message, at most 120 characters."""
    culprit: str
    """Route or function, ids masked."""
    nature: Nature
    side: Side
    level: str
    substatus: str
    """`new`, `ongoing`, `escalating`, `regressed` or another word of Sentry's."""
    events: int
    """In the window."""
    recent_events: int
    """In the last minutes of it: see `SentryIssues.recent_s`."""
    users: int
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SentryIssues:
    """Unresolved issues with events in the window, the most frequent first."""

    issues: tuple[SentryIssue, ...]
    is_complete: bool
    """False when there are more issues than were read."""
    recent_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame of the application's own code."""

    file: str
    function: str
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSpread:
    """How an issue's events spread over a tag. `top` holds values of tags that name no person, with their events."""

    key: str
    values: int
    events: int
    top: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SentryLatest:
    """The newest event of the issue that is most frequent of late; without an issue only an empty `issue_id`."""

    issue_id: str
    at: datetime | None = None
    kind: str = ""
    detail: str = ""
    frames: tuple[Frame, ...] = ()
    """Innermost first, at most five."""
    tags: tuple[tuple[str, str], ...] = ()
    release: str = ""
    spreads: tuple[TagSpread, ...] = ()
    """Tags that no event of the issue has are left out."""

    def spread(self, key: str) -> TagSpread | None:
        """How the events spread over one tag; `None` when none has it."""
        return next((spread for spread in self.spreads if spread.key == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentrySeries:
    """Errors over time, and what became of everything sent."""

    start_ms: int
    step_ms: int
    events: tuple[int, ...]
    """Of complete buckets, oldest first."""
    running: int
    """Of the bucket that had not ended: more may have come."""
    worker_events: int
    """Those the worker reported in the window."""
    outcomes: tuple[tuple[str, int], ...]
    """`accepted`, `filtered`, `rate_limited` … and how many errors met it."""
    gaps: tuple[int, ...] = ()
    """Indexes into `events` of buckets that Sentry did not count: their 0 is unknown."""

    def outcome(self, name: str) -> int:
        """Errors of the window that met one outcome."""
        return dict(self.outcomes).get(name, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutePerformance:
    """One route's requests. Ratio 0-1, times in seconds; `None` where Sentry has none."""

    route: str
    requests: int
    failed_ratio: float | None
    p95_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentryPerformance:
    """Requests of the last minutes of the window as traced; no request means that tracing is off, or nobody came."""

    span_s: float
    requests: int
    failed_ratio: float | None
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    routes: tuple[RoutePerformance, ...]
    """The ten that failed most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentryRelease:
    """One release Sentry knows by its events."""

    version: str
    created_at: datetime | None
    new_issues: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SentryReleases:
    """Releases, newest first; none means that events name no release."""

    releases: tuple[SentryRelease, ...]
