"""The reads of Sentry's API: issues, events, tags, tables, series, releases and keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.vendors.sentry_pages import paged
from sandbox.vendors.sentry_search import BadQuery, meets_issue, period_of, seconds_of, terms
from sandbox.vendors.sentry_shapes import (
    detailed_issue,
    full_event,
    listed_issue,
    release_shape,
    simple_event,
    tag_shape,
    tag_values,
)
from sandbox.vendors.sentry_state import SentryState
from sandbox.vendors.sentry_store import Issue, users_of
from sandbox.vendors.sentry_tables import meta_of, outcomes, rows_of, series, table

MISSING = "The requested resource does not exist"


async def list_issues(request: Request, state: SentryState) -> Response:
    """Issues of a period, sorted as asked."""
    query, now = dict(request.query_params), datetime.now(UTC)
    period, wanted = period_of(query, now), terms(query.get("query", "is:unresolved"))
    found = [i for i in state.store.issues.values() if i.within(period) and meets_issue(i, wanted, now)]
    orders: dict[str, Callable[[Issue], Any]] = {
        "date": lambda issue: issue.last_seen,
        "new": lambda issue: issue.first_seen,
        "freq": lambda issue: len(issue.within(period)),
        "user": lambda issue: users_of(issue.within(period)),
    }
    sort = query.get("sort", "date")
    if sort not in orders:
        raise BadQuery(f"Invalid sort: {sort!r}")
    found.sort(key=orders[sort], reverse=True)
    return paged(request, [listed_issue(i, state, period, now) for i in found], state, name="limit")


async def show_issue(request: Request, state: SentryState) -> Response:
    """One issue."""
    issue = _named(request, state)
    return problem(404, MISSING) if issue is None else JSONResponse(detailed_issue(issue, state, datetime.now(UTC)))


async def list_events(request: Request, state: SentryState) -> Response:
    """An issue's events, newest first."""
    issue = _named(request, state)
    if issue is None:
        return problem(404, MISSING)
    shape = full_event if request.query_params.get("full") == "true" else simple_event
    return paged(request, [shape(issue, event, state) for event in reversed(issue.events)], state)


async def show_event(request: Request, state: SentryState) -> Response:
    """One event of an issue, by its id or by `latest`, `oldest`, `recommended`."""
    issue, wanted = _named(request, state), request.path_params["event"]
    if issue is None:
        return problem(404, MISSING)
    special = {"latest": issue.newest, "recommended": issue.newest, "oldest": issue.events[0]}
    event = special.get(wanted) or next((each for each in issue.events if each.id == wanted), None)
    return problem(404, "Event not found") if event is None else JSONResponse(full_event(issue, event, state))


async def find_event(request: Request, state: SentryState) -> Response:
    """Where an event was filed."""
    wanted = request.path_params["event"]
    for issue in state.store.issues.values():
        for event in issue.events:
            if event.id == wanted:
                body = {
                    "organizationSlug": state.organization,
                    "projectSlug": state.project,
                    "groupId": issue.id,
                    "eventId": event.id,
                    "event": full_event(issue, event, state),
                }
                return JSONResponse(body)
    return problem(404, "Event not found")


async def show_tag(request: Request, state: SentryState) -> Response:
    """How an issue's events spread over a tag."""
    issue = _named(request, state)
    shape = tag_shape(request.path_params["key"], issue) if issue else None
    # A tag that no event of the issue has does not exist for it.
    return JSONResponse(shape) if shape and shape["totalValues"] else problem(404, MISSING)


async def list_tag_values(request: Request, state: SentryState) -> Response:
    """Every value of a tag."""
    issue = _named(request, state)
    return (
        problem(404, MISSING) if issue is None else paged(request, tag_values(request.path_params["key"], issue), state)
    )


async def show_table(request: Request, state: SentryState) -> Response:
    """A table of aggregates."""
    query, fields = dict(request.query_params), request.query_params.getlist("field")
    dataset = query.get("dataset", "")
    if dataset == "spans" and "failure_rate()" in fields and not state.has_spans_failure_rate:
        return problem(500, "Internal Error")
    now = datetime.now(UTC)
    rows = table(rows_of(state.store, dataset, period_of(query, now), terms(query.get("query", ""))), fields)
    sort = query.get("sort")
    if sort:
        name = sort.removeprefix("-")
        if name not in fields:
            raise BadQuery(f"orderby must also be in the selected columns or groupby: {name}")
        rows.sort(key=lambda row: (row[name] is not None, row[name]), reverse=sort.startswith("-"))
    return paged(request, rows, state, wrap=lambda page: {"data": page, "meta": meta_of(fields, dataset)})


async def show_series(request: Request, state: SentryState) -> Response:
    """A series for each axis."""
    query, now = dict(request.query_params), datetime.now(UTC)
    period, dataset = period_of(query, now), query.get("dataset", "")
    step_s = seconds_of(query.get("interval", "300"))
    rows = rows_of(state.store, dataset, period, terms(query.get("query", "")))
    axes = request.query_params.getlist("yAxis") or ["count()"]
    body = {
        "timeSeries": [series(rows, axis, period, step_s, now) for axis in axes],
        "meta": {"dataset": dataset, "start": _ms(period.start), "end": _ms(period.end)},
    }
    return JSONResponse(body)


async def show_outcomes(request: Request, state: SentryState) -> Response:
    """What became of what was sent."""
    query = dict(request.query_params)
    if query.get("field") != "sum(quantity)":
        raise BadQuery('"field" is required')
    groups = request.query_params.getlist("groupBy")
    if any(group != "outcome" for group in groups):
        raise BadQuery("this stand-in groups by outcome alone")
    period, step_s = period_of(query, datetime.now(UTC)), seconds_of(query.get("interval", "1h"))
    return JSONResponse(outcomes(state.store, period, step_s, query.get("category", "error"), bool(groups)))


async def list_releases(request: Request, state: SentryState) -> Response:
    """Releases, newest first."""
    heard = sorted(state.store.releases().items(), key=lambda item: min(item[1]))
    rows = [release_shape(number, version, times, state) for number, (version, times) in enumerate(heard, start=1)]
    return paged(request, rows[::-1], state)


async def list_keys(request: Request, state: SentryState) -> Response:
    """The project's keys with their DSN."""
    secure = state.dsn(str(request.base_url).rstrip("/"))
    kinds = "cdn crons csp integration minidump nel otlp_logs otlp_traces playstation public secret security unreal"
    key = {
        "id": state.public_key,
        "name": "Default",
        "label": "Default",
        "public": state.public_key,
        "secret": None,
        "projectId": state.project_id,
        "isActive": state.is_key_active,
        "rateLimit": None,
        "dsn": dict.fromkeys(kinds.split(), secure),
        "browserSdkVersion": "10.x",
        "browserSdk": {"choices": [["10.x", "10.x"]]},
        "dateCreated": "2025-10-30T08:00:00.000000Z",
        "dynamicSdkLoaderOptions": dict.fromkeys(
            ("hasReplay", "hasPerformance", "hasDebug", "hasFeedback", "hasLogsAndMetrics"), False
        ),
    }
    return paged(request, [key], state)


def _named(request: Request, state: SentryState) -> Issue | None:
    return state.store.by_id(request.path_params["issue"])


def problem(status: int, detail: str) -> Response:
    """Sentry's form of a refusal."""
    return JSONResponse({"detail": detail}, status_code=status)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
