"""Sentry's API: lists, filters, tables and series over what was really sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest
from tests.sandbox.vendors.sentry_served import ORG, PROJECT, Served, fail, served

from sandbox.vendors.sentry_search import BadQuery, Term, period_of, seconds_of, terms
from sandbox.vendors.sentry_state import SentryBody

NOW = datetime(2026, 1, 26, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def busy() -> Iterator[Served]:
    """A stand-in with six errors of three routes, sent once."""
    with served() as running:
        with running.sdk() as scope:
            for number in range(6):
                route = f"/api/{'abc'[number % 3]}"
                fail(
                    scope,
                    ValueError("no"),
                    transaction=route,
                    user={"email": f"{number}@b.example"},
                    service="next-app",
                )
        yield running


def rel(answer: httpx.Response, name: str) -> dict[str, str]:
    """One direction of the `Link` header."""
    return answer.links[name]


def test_pages_follow_one_another_to_the_end(busy: Served) -> None:
    """Both directions are always there, and `results` says whether to go on."""
    first = busy.get(f"{ORG}/issues/", limit=2, sort="freq")
    assert (len(first.json()), rel(first, "next")["results"], rel(first, "previous")["results"]) == (2, "true", "false")
    last = busy.get(f"{ORG}/issues/", limit=2, sort="freq", cursor=rel(first, "next")["cursor"])
    assert (len(last.json()), rel(last, "next")["results"], rel(last, "previous")["results"]) == (1, "false", "true")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("is:unresolved", 3),
        ("is:resolved", 0),
        ("transaction:/api/a", 1),
        ("!transaction:/api/a", 2),
        ("transaction:[/api/a, /api/b] service:next-app", 2),
        ("transaction:/api/*", 3),
        ("error.type:ValueError level:error", 3),
        ("novalue", 0),
        ("", 3),
    ],
)
def test_search_narrows_the_list(busy: Served, query: str, found: int) -> None:
    """State, tag, negation, list, wildcard and free words."""
    assert len(busy.get(f"{ORG}/issues/", query=query).json()) == found


@pytest.mark.parametrize(
    ("path", "query", "status", "detail"),
    [
        (f"{ORG}/issues/", {"statsPeriod": "soon"}, 400, "statsPeriod"),
        (f"{ORG}/issues/", {"start": "2026-01-26"}, 400, "start and end"),
        (f"{ORG}/issues/", {"limit": "101"}, 400, "per_page"),
        (f"{ORG}/issues/", {"cursor": "next"}, 400, "cursor"),
        (f"{ORG}/issues/", {"sort": "luck"}, 400, "sort"),
        (f"{ORG}/issues/", {"project": "other"}, 403, "permission"),
        (f"{ORG}/issues/1/", {}, 404, "does not exist"),
        (f"{ORG}/issues/1/events/latest/", {}, 404, "does not exist"),
        (f"{ORG}/alert-rules/", {}, 404, "does not exist"),
        ("/api/0/organizations/other/issues/", {}, 404, "does not exist"),
        (f"{ORG}/events/", {"dataset": "discover", "field": "count()"}, 400, "dataset"),
        (f"{ORG}/events/", {"dataset": "errors"}, 400, "No columns"),
        (f"{ORG}/events/", {"dataset": "errors", "field": "median()"}, 400, "not a function"),
        (f"{ORG}/events-timeseries/", {"dataset": "errors", "interval": "0"}, 400, "interval"),
        (f"{ORG}/events-timeseries/", {"dataset": "errors", "interval": "1", "statsPeriod": "24h"}, 400, "too many"),
    ],
)
def test_a_bad_question_is_refused_as_sentry_does(
    busy: Served, path: str, query: dict[str, str], status: int, detail: str
) -> None:
    """One `detail` that says what is wrong."""
    answer = busy.get(path, **query)
    assert (answer.status_code, detail in answer.json()["detail"]) == (status, True)


def test_tokens_that_may_not_read(busy: Served) -> None:
    """None, a wrong one, and one made for builds."""
    assert httpx.get(f"{busy.base_url}{ORG}/issues/", timeout=5).status_code == 401
    assert busy.get(f"{ORG}/issues/", token="sntryu_stale").status_code == 401
    assert busy.get(f"{ORG}/issues/", token=busy.state.build_token).status_code == 403


def test_rate_limit_headers_are_on_every_answer(busy: Served) -> None:
    """Refusals among them; the reset is an instant in epoch seconds."""
    for answer in (busy.get(f"{ORG}/issues/"), busy.get(f"{ORG}/issues/1/")):
        assert float(answer.headers["X-Sentry-Rate-Limit-Reset"]) >= datetime.now(UTC).timestamp() - 5


def test_events_spread_over_tags_and_routes(busy: Served) -> None:
    """By tag of one issue, and by route over all of them."""
    issue = busy.get(f"{ORG}/issues/", query="transaction:/api/a").json()[0]["id"]
    tag = busy.get(f"{ORG}/issues/{issue}/tags/user/").json()
    assert (tag["uniqueValues"], tag["totalValues"]) == (2, 2)
    assert busy.get(f"{ORG}/issues/{issue}/tags/jobId/").status_code == 404
    fields = {"dataset": "errors", "field": ["transaction", "count()", "count_unique(user)"], "sort": "-count()"}
    rows = busy.get(f"{ORG}/events/", **fields).json()["data"]
    assert sorted((row["transaction"], row["count()"], row["count_unique(user)"]) for row in rows) == [
        ("/api/a", 2, 2),
        ("/api/b", 2, 2),
        ("/api/c", 2, 2),
    ]


def test_a_series_has_every_bucket_and_marks_the_running_one(busy: Served) -> None:
    """Milliseconds, no gaps, the last bucket incomplete."""
    query = {"dataset": "errors", "yAxis": "count()", "statsPeriod": "10m"}
    for interval in ("60", "1m"):
        [series] = busy.get(f"{ORG}/events-timeseries/", interval=interval, **query).json()["timeSeries"]
        stamps = [value["timestamp"] for value in series["values"]]
        assert {later - earlier for earlier, later in pairwise(stamps)} == {60_000}
        assert sum(value["value"] for value in series["values"]) == 6
        assert [value["incomplete"] for value in series["values"]] == [False] * (len(stamps) - 1) + [True]


def test_the_key_of_the_project_is_the_one_of_the_dsn(busy: Served) -> None:
    """What an SDK was given can be looked up."""
    [key] = busy.get(f"{PROJECT}/keys/").json()
    assert busy.state.public_key in key["dsn"]["public"]
    assert key["projectId"] == busy.state.project_id


def test_an_event_is_found_by_its_id(busy: Served) -> None:
    """The way to prove that a report arrived."""
    event = next(iter(busy.state.store.issues.values())).newest
    assert busy.get(f"{ORG}/eventids/{event.id}/").json()["eventId"] == event.id
    assert busy.get(f"{ORG}/eventids/{'0' * 32}/").status_code == 404


def send(sentry: Served, method: str, path: str, body: object) -> httpx.Response:
    """A change, asked for with the token."""
    headers = {"Authorization": f"Bearer {sentry.state.token}"}
    return httpx.request(method, f"{sentry.base_url}{path}", content=json.dumps(body), headers=headers, timeout=5)


def test_an_issue_is_owned_commented_and_resolved() -> None:
    """Each change shows, a repeated comment is refused, and all are counted as writes."""
    with served() as sentry:
        with sentry.sdk() as scope:
            fail(scope, ValueError("no"))
        path = f"{ORG}/issues/{next(iter(sentry.state.store.issues.values())).id}/"
        assert send(sentry, "PUT", path, {"assignedTo": "oncall", "priority": "high"}).json()["priority"] == "high"
        assert send(sentry, "PUT", path, {"status": "mended"}).status_code == 400
        assert send(sentry, "POST", f"{path}notes/", {"text": "seen"}).status_code == 201
        assert "already posted" in send(sentry, "POST", f"{path}comments/", {"text": "seen"}).json()["detail"]
        assert send(sentry, "POST", f"{path}notes/", {}).status_code == 400
        assert [note["data"]["text"] for note in sentry.get(f"{path}notes/").json()] == ["seen"]
        assert send(sentry, "PUT", path, {"status": "resolved"}).json()["status"] == "resolved"
        assert len(sentry.state.writes) == 6


@pytest.mark.parametrize(
    ("knobs", "status", "text"),
    [
        ({"status": 429, "retry_after_s": 7}, 429, "too fast"),
        ({"status": 503}, 503, "Internal Error"),
        ({"body": SentryBody.HTML}, 403, "error code: 1010"),
        ({"has_spans_failure_rate": False}, 500, "Internal Error"),
    ],
)
def test_troubles_of_sentry_itself(knobs: dict[str, Any], status: int, text: str) -> None:
    """What a client must live with: limits, errors, a web page, and the known bug of self-hosted ones."""
    with served() as sentry:
        for name, value in knobs.items():
            setattr(sentry.state, name, value)
        answer = sentry.get(f"{ORG}/events/", dataset="spans", field=["failure_rate()"])
        assert (answer.status_code, text in answer.text) == (status, True)
        assert answer.headers.get("Retry-After") == ("7" if status == 429 else None)


@pytest.mark.parametrize(("text", "length"), [("15m", 900), ("24h", 86_400), ("2w", 1_209_600), ("30s", 30)])
def test_periods_are_read_as_sentry_writes_them(text: str, length: int) -> None:
    """A number and a unit, up to now."""
    period = period_of({"statsPeriod": text}, NOW)
    assert (period.end, period.end - period.start) == (NOW, timedelta(seconds=length))
    assert seconds_of(text) == length


@pytest.mark.parametrize("query", [{"statsPeriod": "0h"}, {"statsPeriod": "200d"}, {"start": "b", "end": "a"}])
def test_periods_that_are_none_are_refused(query: dict[str, str]) -> None:
    """Nothing, too much, and no dates."""
    with pytest.raises(BadQuery):
        period_of(query, NOW)


def test_search_terms_are_taken_apart() -> None:
    """Quotes, lists, negation and words."""
    assert terms('is:unresolved !level:[info, debug] message:"a b" boom') == [
        Term(key="is", values=("unresolved",)),
        Term(key="level", values=("info", "debug"), is_negated=True),
        Term(key="message", values=("a b",)),
        Term(key="", values=("boom",)),
    ]
