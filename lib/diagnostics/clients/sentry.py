"""Sentry: issues, their newest event, errors over time, requests as traced, releases. GET only.

What could name a person is dropped here: users, request bodies, headers, variables, breadcrumbs, extra data.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import quote, urlencode

from pydantic import BaseModel

from diagnostics.clients.http import Answer, Http, expect_ok, parse
from diagnostics.clients.permitted import permit_get
from diagnostics.clients.sentry_answers import (
    Event,
    EventTable,
    Issue,
    IssueList,
    OutcomeTable,
    ReleaseList,
    Row,
    SeriesAnswer,
    Tag,
    latest_of,
    number_of,
)
from diagnostics.clients.sentry_words import release_of, route_of
from diagnostics.errors import BadStatus, SchemaError
from diagnostics.profile import SentrySection
from diagnostics.readings import (
    RoutePerformance,
    SentryIssues,
    SentryLatest,
    SentryPerformance,
    SentryRelease,
    SentryReleases,
    SentrySeries,
)
from diagnostics.scope import Window
from diagnostics.settings import shown

_ORG = "/api/0/organizations/{organization}"
REQUESTS = (
    ("GET", f"{_ORG}/issues/"),
    ("GET", f"{_ORG}/issues/{{issue}}/events/latest/"),
    ("GET", f"{_ORG}/issues/{{issue}}/tags/{{key}}/"),
    ("GET", f"{_ORG}/events/"),
    ("GET", f"{_ORG}/events-timeseries/"),
    ("GET", f"{_ORG}/stats_v2/"),
    ("GET", f"{_ORG}/releases/"),
)
"""The whole allow-list; `make contract` validates it against the published description."""
RECENT = timedelta(minutes=15)
"""The end of the window that says how it is now."""
PAGE = 100
PAGES = 2
"""Pages of issues that are read; beyond them the list is said to be incomplete."""
MOST_BUCKETS = 180
TAGS = ("transaction", "user", "jobId", "browser.name")
"""Whose spread is looked at. Values of `user` and `jobId` are counted, never kept."""
_NAMELESS = frozenset(("user", "jobId"))
P = TypeVar("P", bound=BaseModel)
_NEXT = re.compile(r'rel="next"; results="true"; cursor="([0-9:]+)"')
_FIELDS = ("count()", "failure_rate()", "p50(span.duration)", "p95(span.duration)", "p99(span.duration)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentry:
    """One project, read with one token inside one window."""

    http: Http
    section: SentrySection
    token: str
    window: Window
    timeout_s: float

    async def issues(self) -> SentryIssues:
        """Unresolved issues of the window and their share of its last minutes. Raises ClientError."""
        found, is_complete = await self._pages(self._span(self.window.since))
        recent, _ = await self._pages(self._span(self._recent), pages=1)
        lately = {issue.id: number_of(issue.count) for issue in recent}
        return SentryIssues(
            issues=tuple(issue.reading(recent_events=lately.get(issue.id, 0)) for issue in found),
            is_complete=is_complete,
            recent_s=(self.window.until - self._recent).total_seconds(),
        )

    async def latest(self) -> SentryLatest:
        """The newest event of the most frequent issue of late, if there is an issue. Raises ClientError."""
        for since in (self._recent, self.window.since):
            found, _ = await self._pages(self._span(since), pages=1, limit=1)
            if found:
                return await self._newest(found[0])
        return SentryLatest(issue_id="")

    async def series(self) -> SentrySeries:
        """Errors over the window, those of the worker, and outcomes. Raises ClientError."""
        step_s = self._step_s()
        span, common = self._span(self.window.since), {"dataset": "errors", "project": self.section.project}
        series, outcomes, worker = await asyncio.gather(
            self._get("/events-timeseries/", {**common, **span, "yAxis": "count()", "interval": str(step_s)}),
            self._get("/stats_v2/", self._outcomes(span)),
            self._get("/events/", {**common, **span, "field": "count()", "query": "component:worker"}),
        )
        answer = self._parsed(SeriesAnswer, series, "/events-timeseries/")
        values = answer.complete()
        table = self._parsed(EventTable, worker, "/events/")
        return SentrySeries(
            start_ms=values[0][0] if values else int(self.window.since.timestamp() * 1000),
            step_ms=step_s * 1000,
            events=tuple(count or 0 for _, count in values),
            gaps=tuple(n for n, (_, count) in enumerate(values) if count is None),
            running=answer.running(),
            worker_events=table.total("count()"),
            outcomes=self._parsed(OutcomeTable, outcomes, "/stats_v2/").totals(),
        )

    async def performance(self) -> SentryPerformance:
        """Requests of the last minutes, all together and by route. Raises ClientError."""
        fields: tuple[str, ...] = _FIELDS
        try:
            total = await self._table(fields)
        except BadStatus as error:
            if error.status_code < 500:
                raise
            # Known bug of self-hosted 25.11: `failure_rate()` on spans answers 500 (getsentry/sentry 103965).
            fields = tuple(name.replace("failure_rate()", "failure_count()") for name in _FIELDS)
            total = await self._table(fields)
        worst = f"-{fields[1]}"
        routes = await self._table(("transaction", *fields[:2], fields[3]), per_page="10", sort=worst)
        row = total.data[0] if total.data else {}
        return SentryPerformance(
            span_s=(self.window.until - self._recent).total_seconds(),
            requests=total.total("count()"),
            failed_ratio=_ratio(row),
            p50_s=_seconds(row, 50),
            p95_s=_seconds(row, 95),
            p99_s=_seconds(row, 99),
            routes=tuple(_route(row) for row in routes.data if row.get("transaction")),
        )

    async def releases(self) -> SentryReleases:
        """The newest releases. Raises ClientError."""
        answer = await self._get("/releases/", {"per_page": "10", "project": self.section.project})
        found = self._parsed(ReleaseList, answer, "/releases/").root
        named = [(release_of(each.version), each) for each in found]
        return SentryReleases(
            releases=tuple(
                SentryRelease(version=name, created_at=each.dateCreated, new_issues=each.newGroups)
                for name, each in named
                if name
            )
        )

    @property
    def _recent(self) -> datetime:
        return max(self.window.since, self.window.until - RECENT)

    def _span(self, since: datetime) -> dict[str, str]:
        return {"start": _stamp(since), "end": _stamp(self.window.until)}

    def _step_s(self) -> int:
        """Whole minutes, so that the window has at most 180 buckets."""
        seconds = (self.window.until - self.window.since).total_seconds()
        return 60 * max(1, -(-int(seconds) // (60 * MOST_BUCKETS)))

    def _outcomes(self, span: dict[str, str]) -> dict[str, str]:
        named = {"field": "sum(quantity)", "groupBy": "outcome", "category": "error", "interval": "1h"}
        # Of the whole organisation: so is the quota.
        return {**span, **named}

    async def _pages(self, span: dict[str, str], *, pages: int = PAGES, limit: int = PAGE) -> tuple[list[Issue], bool]:
        query = {**span, "sort": "freq", "limit": str(limit), "query": "is:unresolved", "project": self.section.project}
        found: list[Issue] = []
        for _ in range(pages):
            answer = await self._get("/issues/", query)
            found += self._parsed(IssueList, answer, "/issues/").root
            more = _NEXT.search(answer.headers.get("link", ""))
            if more is None:
                return found, True
            query["cursor"] = more[1]
        return found, False

    async def _newest(self, issue: Issue) -> SentryLatest:
        base = f"/issues/{quote(issue.id, safe='')}"
        event, *tags = await asyncio.gather(
            self._get(f"{base}/events/latest/", {}),
            *(self._get(f"{base}/tags/{key}/", {}, may_be_missing=True) for key in TAGS),
        )
        spreads = [self._parsed(Tag, tag, f"{base}/tags/") for tag in tags if tag.status_code != 404]
        return latest_of(
            issue.id,
            self._parsed(Event, event, f"{base}/events/latest/"),
            [spread.reading(keeps_values=spread.key not in _NAMELESS) for spread in spreads],
        )

    async def _table(self, fields: Sequence[str], **more: str) -> EventTable:
        query = {"dataset": "spans", "query": "is_transaction:true", "project": self.section.project, **more}
        pairs = [*({**query, **self._span(self._recent)}).items(), *(("field", name) for name in fields)]
        return self._parsed(EventTable, await self._get("/events/", pairs), "/events/")

    async def _get(
        self, path: str, query: dict[str, str] | list[tuple[str, str]], *, may_be_missing: bool = False
    ) -> Answer:
        whole = _ORG.replace("{organization}", quote(self.section.organization, safe="")) + path
        url = f"{self.section.base_url}{permit_get(REQUESTS, whole)}"
        headers = {"Authorization": f"Bearer {self.token}"}
        asked = f"{url}?{urlencode(query)}" if query else url
        answer = await self.http.get(asked, timeout_s=self.timeout_s, headers=headers)
        return answer if may_be_missing and answer.status_code == 404 else expect_ok(answer, f"GET {shown(url)}")

    def _parsed(self, model: type[P], answer: Answer, path: str) -> P:
        where = f"GET {shown(self.section.base_url)}…{path}"
        return parse(model, answer.json(where), where)


def _ratio(row: Row) -> float | None:
    rate, failed, count = row.get("failure_rate()"), row.get("failure_count()"), row.get("count()")
    if isinstance(rate, int | float):
        return _checked(rate)
    if isinstance(failed, int | float) and isinstance(count, int | float) and count:
        return _checked(failed / count)
    return None


def _checked(ratio: float) -> float:
    if not 0 <= ratio <= 1:
        raise SchemaError("Sentry: failure_rate() is not a ratio", path="data.failure_rate()")
    return float(ratio)


def _seconds(row: Row, percentile: int) -> float | None:
    """Durations come in milliseconds."""
    value = row.get(f"p{percentile}(span.duration)")
    return round(value / 1000, 4) if isinstance(value, int | float) else None


def _route(row: Row) -> RoutePerformance:
    count = row.get("count()")
    return RoutePerformance(
        route=route_of(str(row["transaction"])),
        requests=int(count) if isinstance(count, int | float) else 0,
        failed_ratio=_ratio(row),
        p95_s=_seconds(row, 95),
    )


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
