"""Sentry of a healthy platform, to be spoilt one reading at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from diagnostics.readings import (
    Frame,
    Nature,
    Reading,
    RoutePerformance,
    SentryIssue,
    SentryIssues,
    SentryLatest,
    SentryPerformance,
    SentryRelease,
    SentryReleases,
    SentrySeries,
    Side,
    TagSpread,
)

NOW = datetime(2026, 1, 31, 3, 0, tzinfo=UTC)
MINUTES = 180


def issue(**changes: Any) -> SentryIssue:
    """A known issue of the site's own code that happens now and then."""
    usual = SentryIssue(
        id="7",
        short_id="JAVASCRIPT-NEXTJS-7",
        kind="TypeError",
        detail="Cannot read … of undefined",
        culprit="GET /api/agents",
        nature=Nature.CODE,
        side=Side.SERVER,
        level="error",
        substatus="ongoing",
        events=9,
        recent_events=2,
        users=0,
        first_seen=NOW - timedelta(days=30),
        last_seen=NOW - timedelta(seconds=40),
    )
    return replace(usual, **changes)


def issues(*found: SentryIssue) -> SentryIssues:
    """Everything unresolved; the one usual issue by default."""
    return SentryIssues(issues=found or (issue(),), is_complete=True, recent_s=900.0)


def latest(*spreads: TagSpread, **changes: Any) -> SentryLatest:
    """The newest event of the usual issue, without a user, as the site sends them."""
    usual = SentryLatest(
        issue_id="7",
        at=NOW - timedelta(seconds=40),
        kind="TypeError",
        detail="Cannot read … of undefined",
        frames=(Frame(file="api/agents/route.js", function="GET", line=12),),
        tags=(("error_type", "INTERNAL"),),
        release="",
        spreads=spreads or (TagSpread(key="transaction", values=1, events=9, top=(("GET /api/agents", 9),)),),
    )
    return replace(usual, **changes)


def series(*ends: int, running: int = 0, **changes: Any) -> SentrySeries:
    """Minutes of the window without an error but for the last ones."""
    usual = SentrySeries(
        start_ms=int((NOW - timedelta(minutes=MINUTES)).timestamp() * 1000),
        step_ms=60_000,
        events=(0,) * (MINUTES - len(ends)) + ends,
        running=running,
        worker_events=0,
        outcomes=(("accepted", sum(ends) + running),),
    )
    return replace(usual, **changes)


def performance(**changes: Any) -> SentryPerformance:
    """A quarter of an hour of ordinary requests."""
    usual = SentryPerformance(
        span_s=900.0,
        requests=2000,
        failed_ratio=0.001,
        p50_s=0.12,
        p95_s=0.8,
        p99_s=1.4,
        routes=(RoutePerformance(route="GET /api/agents", requests=700, failed_ratio=0.001, p95_s=0.5),),
    )
    return replace(usual, **changes)


HEALTHY_ERRORS: Mapping[str, Reading] = {
    "sentry.issues": issues(),
    "sentry.latest": latest(),
    "sentry.series": series(1, 0, 1),
    "sentry.performance": performance(),
    "sentry.releases": SentryReleases(
        releases=(SentryRelease(version="8f2d1c6b90ae", created_at=NOW - timedelta(days=2), new_issues=0),)
    ),
}
