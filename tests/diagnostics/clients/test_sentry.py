"""Sentry's client against the stand-in, fed by the real SDK: what is kept, what is dropped, what is refused."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sentry_sdk
from tests.sandbox.vendors.sentry_served import Served, fail, served

from diagnostics.budget import Budget
from diagnostics.clients.http import open_http
from diagnostics.clients.permitted import permit_get
from diagnostics.clients.sentry import REQUESTS, Sentry
from diagnostics.clients.sentry_words import detail_of, file_of, nature_of, release_of, route_of
from diagnostics.errors import BadStatus, OperationRefused, RateLimited, SchemaError, Unauthorized
from diagnostics.profile import SentrySection
from diagnostics.readings import Nature, Side
from diagnostics.scope import Window

INVITE = "Xk29fTq-81LmZpQrVw3"
CANARIES = ("canary-of-a-user", "canary@example.org", "canary-in-the-message", "canary-extra", INVITE)


class ExternalServiceError(Exception):
    """As the site names what another service did."""


@pytest.fixture(scope="module")
def sentry() -> Iterator[Served]:
    """A stand-in with errors of two kinds, one of them of three users, and four requests, one of which failed."""
    with served() as running:
        with running.sdk(traces_sample_rate=1.0, release="8f2d1c6") as scope:
            for number in range(3):
                _throw(scope, user={"id": f"{CANARIES[0]}-{number}", "email": CANARIES[1]})
            late = ExternalServiceError("OpenRouter request timed out after 30 seconds")
            fail(scope, late, transaction=f"POST /chat/{INVITE}")
            with sentry_sdk.scope.use_scope(scope):
                for status in (200, 200, 200, 500):
                    with sentry_sdk.start_transaction(name="GET /api/agents", op="http.server") as transaction:
                        transaction.set_http_status(status)
        yield running


def _throw(scope: sentry_sdk.Scope, user: dict[str, str]) -> None:
    scope.set_extra("jobData", CANARIES[3])
    plan = ValueError(f"no such plan {CANARIES[2]}")
    fail(scope, plan, transaction="/api/agents/12345", user=user, jobType="sync", component=f"/invite/{INVITE}")


async def ask(running: Served, what: str, **changes: Any) -> Any:
    """One read of the client."""
    until = datetime.now(UTC) + timedelta(seconds=1)
    section = SentrySection(base_url=running.base_url, organization="world-wide-services", project="javascript-nextjs")
    given: dict[str, Any] = {
        "section": section,
        "token": running.state.token,
        "window": Window(since=until - timedelta(hours=3), until=until),
        "timeout_s": 5.0,
        **changes,
    }
    async with open_http(Budget()) as http:
        return await getattr(Sentry(http=http, **given), what)()


async def test_issues_come_with_counts_nature_and_side(sentry: Served) -> None:
    """The most frequent first; ids in a route are masked."""
    found = (await ask(sentry, "issues")).issues
    assert [(i.kind, i.events, i.recent_events, i.users, i.nature, i.side) for i in found] == [
        ("ValueError", 3, 3, 3, Nature.CODE, Side.SERVER),
        ("ExternalServiceError", 1, 1, 0, Nature.UPSTREAM_TIMEOUT, Side.SERVER),
    ]
    assert (found[0].culprit, found[0].substatus) == ("/api/agents/[id]", "new")


async def test_the_newest_event_keeps_frames_and_spreads(sentry: Served) -> None:
    """Innermost frame first; users are counted, their names are not read."""
    latest = await ask(sentry, "latest")
    assert (latest.frames[0].function, latest.frames[0].file.split("/")[-1]) == ("_report", "sentry_served.py")
    assert (latest.release, latest.kind) == ("8f2d1c6", "ValueError")
    spread = latest.spread("user")
    assert (spread.values, spread.events, spread.top) == (3, 3, ())
    assert latest.spread("transaction").top == (("/api/agents/[id]", 3),)
    assert (latest.spread("jobId"), dict(latest.tags)["jobType"]) == (None, "sync")
    assert dict(latest.tags)["component"] == "/invite/[id]"


@pytest.mark.parametrize("what", ["issues", "latest", "series", "performance", "releases"])
async def test_nothing_that_names_a_person_leaves_the_client(sentry: Served, what: str) -> None:
    """Users, variables, extra data and free text were sent to Sentry, and no reading holds them."""
    kept = json.dumps(dataclasses.asdict(await ask(sentry, what)), default=str)
    assert [canary for canary in CANARIES if canary in kept] == []
    assert sentry.state.token not in kept


def test_the_canaries_were_really_sent(sentry: Served) -> None:
    """Otherwise the test above proves nothing."""
    stored = json.dumps([dict(e.payload) for i in sentry.state.store.issues.values() for e in i.events], default=str)
    assert [canary for canary in CANARIES if canary not in stored] == []


async def test_the_series_counts_what_was_sent(sentry: Served) -> None:
    """Complete minutes and the running one together; a quota that is not spent drops nothing."""
    series = await ask(sentry, "series")
    assert (sum(series.events) + series.running, series.step_ms, series.worker_events) == (4, 60_000, 0)
    assert (series.outcome("accepted"), series.outcome("rate_limited")) == (4, 0)


async def test_a_workers_events_are_counted_apart() -> None:
    """By the tag the worker would set, if it ever started Sentry."""
    with served() as running:
        with running.sdk() as scope:
            fail(scope, ValueError("job"), component="worker", jobId="8841")
            fail(scope, ValueError("site"))
        assert (await ask(running, "series")).worker_events == 1
        assert [s.values for s in (await ask(running, "latest")).spreads if s.key == "jobId"] == [1]


@pytest.mark.parametrize("has_failure_rate", [True, False])
async def test_requests_have_a_failed_share_and_percentiles_in_seconds(sentry: Served, has_failure_rate: bool) -> None:
    """Where self-hosted Sentry answers 500 for `failure_rate()`, failures are counted instead."""
    sentry.state.has_spans_failure_rate = has_failure_rate
    spans = await ask(sentry, "performance")
    sentry.state.has_spans_failure_rate = True
    assert (spans.requests, spans.failed_ratio) == (4, 0.25)
    assert 0 <= spans.p50_s <= spans.p95_s <= spans.p99_s < 1
    assert [(r.route, r.requests, r.failed_ratio) for r in spans.routes] == [("GET /api/agents", 4, 0.25)]


async def test_a_project_without_traces_has_no_share() -> None:
    """No request is no zero."""
    with served() as running:
        spans = await ask(running, "performance")
        assert (spans.requests, spans.failed_ratio, spans.p95_s, spans.routes) == (0, None, None, ())
        assert (await ask(running, "latest")).issue_id == ""


async def test_releases_are_those_events_name(sentry: Served) -> None:
    """With what each brought."""
    assert [(r.version, r.new_issues) for r in (await ask(sentry, "releases")).releases] == [("8f2d1c6", 2)]


async def test_pages_are_followed_and_the_rest_is_said_to_be_missing(sentry: Served) -> None:
    """Two pages at most: beyond them the list is incomplete, never short in silence."""
    sentry.state.page_size = 1
    found = await ask(sentry, "issues")
    sentry.state.page_size = 100
    assert (len(found.issues), found.is_complete) == (2, True)
    with served() as running:
        with running.sdk() as scope:
            for number in range(3):
                fail(scope, ValueError("x"), transaction=f"/{'abc'[number]}")
        running.state.page_size = 1
        found = await ask(running, "issues")
        assert (len(found.issues), found.is_complete) == (2, False)


@pytest.mark.parametrize(
    ("knobs", "error"),
    [
        ({"status": 401}, Unauthorized),
        ({"status": 403}, Unauthorized),
        ({"status": 404}, BadStatus),
        ({"status": 429, "retry_after_s": 7}, RateLimited),
        ({"status": 503}, BadStatus),
    ],
)
async def test_refusals_are_the_named_errors(sentry: Served, knobs: dict[str, Any], error: type[Exception]) -> None:
    """Each read raises what the status means; the wait Sentry asks for is kept."""
    try:
        for name, value in knobs.items():
            setattr(sentry.state, name, value)
        for what in ("issues", "latest", "series", "performance", "releases"):
            with pytest.raises(error) as caught:
                await ask(sentry, what)
            assert getattr(caught.value, "retry_after_s", 7) == 7
    finally:
        sentry.state.status = sentry.state.retry_after_s = None


async def test_a_builds_token_and_another_organisation_see_nothing(sentry: Served) -> None:
    """403 and 404 are failures to look, no empty list."""
    with pytest.raises(Unauthorized):
        await ask(sentry, "issues", token=sentry.state.build_token)
    other = SentrySection(base_url=sentry.base_url, organization="other", project="javascript-nextjs")
    with pytest.raises(BadStatus):
        await ask(sentry, "issues", section=other)


async def test_only_reads_reach_sentry(sentry: Served) -> None:
    """The stand-in recorded no write, and the client refuses a path that is not on its list."""
    assert sentry.state.writes == ()
    for path in ("/issues/", "/issues/7/tags/user/", "/issues/7/events/latest/", "/events-timeseries/"):
        permit_get(REQUESTS, f"/api/0/organizations/o{path}")
    for path in ("/issues/7/", "/issues/7/notes/", "/issues/7/events/latest/x", "/members/"):
        with pytest.raises(OperationRefused):
            permit_get(REQUESTS, f"/api/0/organizations/o{path}")


@pytest.mark.parametrize(
    ("kind", "message", "file", "is_browser", "nature"),
    [
        ("ChunkLoadError", "Loading chunk 12 failed.", "app:///webpack.js", True, Nature.DEPLOY_SKEW),
        ("TypeError", "Failed to fetch dynamically imported module: x", "", True, Nature.DEPLOY_SKEW),
        ("Error", 'Failed to find Server Action "4f"', "", False, Nature.DEPLOY_SKEW),
        ("TypeError", "null", "chrome-extension://abc/content.js", True, Nature.EXTENSION),
        ("Error", "ResizeObserver loop limit exceeded", "", True, Nature.EXTENSION),
        ("", "Script error.", "", True, Nature.EXTENSION),
        ("TypeError", "Failed to fetch", "", True, Nature.OFFLINE),
        ("TypeError", "Load failed", "", True, Nature.OFFLINE),
        ("TypeError", "fetch failed", "", False, Nature.UPSTREAM_ERROR),
        ("Error", "OpenRouter request timed out after 30 seconds", "", False, Nature.UPSTREAM_TIMEOUT),
        ("Error", "OpenRouter API error: 503", "", False, Nature.UPSTREAM_ERROR),
        ("Error", "Kommo request failed: 502", "", False, Nature.UPSTREAM_ERROR),
        ("Error", "PGRST003", "", False, Nature.DATABASE),
        ("TypeError", "Cannot read properties of undefined", "app:///page.js", True, Nature.CODE),
        ("KeyError", "'plan'", "routes.py", False, Nature.CODE),
    ],
)
def test_errors_are_told_apart_by_their_words(
    kind: str, message: str, file: str, is_browser: bool, nature: Nature
) -> None:
    """The texts of the platform and of browsers; what fits nothing is our own code."""
    assert nature_of(kind=kind, message=message, file=file, is_browser=is_browser) is nature


def test_texts_are_masked() -> None:
    """Ids in routes, words of a message, folders of a file, and releases that are none."""
    assert route_of("GET /api/agents/550e8400-e29b-41d4-a716-446655440000?token=x") == "GET /api/agents/[id]"
    assert route_of("/users/somebody@example.org") == ""
    assert route_of(f"GET /invite/{INVITE} again") == "GET /invite/[id] again"
    assert route_of("/reset/AbCdEfGhIjKlMnOp") == "/reset/[id]"
    assert route_of("/reset/AbCdEfGhIjKlMnO") == "/reset/AbCdEfGhIjKlMnO"
    assert route_of("JAVASCRIPT-NEXTJS-1A") == "JAVASCRIPT-NEXTJS-1A"
    assert detail_of("Connection to customer Smith refused") == "Connection to … refused"
    assert file_of("/var/task/.next/server/app/api/agents/route.js") == "api/agents/route.js"
    assert (release_of("8f2d1c6"), release_of("a secret!")) == ("8f2d1c6", "")


async def test_a_table_without_its_count_is_drift() -> None:
    """The worker's count is asked for by name; an answer without it is no zero."""
    from diagnostics.clients.sentry_answers import EventTable, number_of

    with pytest.raises(SchemaError):
        EventTable(data=[]).total("count()")
    with pytest.raises(SchemaError):
        number_of("many")


@pytest.mark.parametrize("totals", [{}, {"sum(quantity)": None}, {"sum(times_seen)": 3}])
def test_an_outcome_without_its_quantity_is_drift(totals: dict[str, float | None]) -> None:
    """A quota that dropped errors must not look as if it had dropped none."""
    from diagnostics.clients.sentry_answers import OutcomeTable

    table = OutcomeTable.model_validate({"groups": [{"by": {"outcome": "rate_limited"}, "totals": totals}]})
    with pytest.raises(SchemaError):
        table.totals()


@pytest.mark.parametrize("quantity", [0, 7])
def test_an_outcomes_quantity_is_kept(quantity: int) -> None:
    """A zero that was told is one."""
    from diagnostics.clients.sentry_answers import OutcomeTable

    told = {"by": {"outcome": "rate_limited"}, "totals": {"sum(quantity)": quantity}}
    assert OutcomeTable.model_validate({"groups": [told]}).totals() == (("rate_limited", quantity),)


def test_a_bucket_that_was_not_counted_is_a_gap() -> None:
    """Beside a zero that was."""
    from diagnostics.clients.sentry_answers import SeriesAnswer

    values = [{"timestamp": n * 60_000, "value": value} for n, value in enumerate((0, None, 3))]
    told = SeriesAnswer.model_validate({"timeSeries": [{"values": values}]}).complete()
    assert told == [(0, 0), (60_000, None), (120_000, 3)]
