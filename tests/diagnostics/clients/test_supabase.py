"""Supabase's management API: the project in one reading, its parts apart, its logs without their text."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from tests.sandbox.data.support import serving

from diagnostics.budget import Budget
from diagnostics.clients.http import Http
from diagnostics.clients.supabase import REQUESTS, SERVICES, Management, read_project
from diagnostics.clients.supabase_logs import LINES, read_logs
from diagnostics.errors import (
    BadStatus,
    ClientError,
    OperationRefused,
    RateLimited,
    SchemaError,
    Unauthorized,
)
from diagnostics.readings import Symptom
from sandbox.data import Project
from sandbox.vendors.supabase import supabase_app

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOW = datetime(2026, 1, 26, 9, 30, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
REF = "abcdefghijklmnopqrst"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def project() -> AsyncIterator[Project]:
    async with serving() as found:
        yield found


def over(project: Project, token: str = "") -> tuple[Management, Any]:
    """The management of a real project, and the stand-in's knobs."""
    app = supabase_app(project)
    http = Http(httpx.AsyncClient(transport=httpx.ASGITransport(app)), Budget())
    return Management(http, "http://api", project.ref, token or project.access_token, 5), app.state.supabase


def answering(reply: Callable[[httpx.Request], httpx.Response]) -> Management:
    http = Http(httpx.AsyncClient(transport=httpx.MockTransport(reply)), Budget())
    return Management(http, "http://api", REF, "canary-token", 1)


def telling(payload: object, status: int = 200) -> Management:
    return answering(lambda _: httpx.Response(status, json=payload))


async def test_a_healthy_project_is_read_whole_and_nothing_is_written(project: Project) -> None:
    """Six requests, all GET, all on the allow-list."""
    management, knobs = over(project)
    told = await read_project(management)
    assert (told.status, told.unread, told.is_read_only) == ("ACTIVE_HEALTHY", (), False)
    assert {s.name for s in told.services or ()} == set(SERVICES) and all(s.is_healthy for s in told.services or ())
    assert told.poolers and told.poolers[0].kind == "PRIMARY"
    assert told.disk_bytes and told.disk_used_bytes and told.disk_used_bytes < told.disk_bytes
    assert any(lint.name == "unindexed_foreign_keys" and lint.table for lint in told.lints or ())
    assert set(knobs.calls) <= {f"{method} {path}" for method, path in REQUESTS}
    assert knobs.writes == () and sum(knobs.calls.values()) == 6


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, Unauthorized), (403, Unauthorized), (404, BadStatus), (429, RateLimited), (500, BadStatus)],
)
async def test_a_refusal_is_ours_to_mend(project: Project, status: int, error: type[ClientError]) -> None:
    """Without the project itself there is no reading."""
    management, knobs = over(project)
    knobs.status = status
    with pytest.raises(error):
        await read_project(management)


@pytest.mark.parametrize("body", ["html", "truncated"])
async def test_something_else_in_its_place_is_schema_drift(project: Project, body: str) -> None:
    """A page of the edge, or half an answer."""
    management, knobs = over(project)
    knobs.body = body
    with pytest.raises((SchemaError, Unauthorized)):
        await read_project(management)


async def test_a_wrong_token_is_refused(project: Project) -> None:
    """The token of somebody else."""
    management, _ = over(project, "sbp_of_somebody_else")
    with pytest.raises(Unauthorized):
        await read_project(management)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/health", "health"),
        ("/config/database/pooler", "pooler"),
        ("/config/disk/util", "disk"),
        ("/readonly", "readonly"),
        ("/advisors/performance", "advisors"),
    ],
)
async def test_a_part_that_may_not_be_read_costs_that_part(path: str, name: str) -> None:
    """Tokens may be scoped; the rest is read, and what is missing is named."""

    def reply(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(path):
            return httpx.Response(403, json={"message": "Forbidden resource"})
        return httpx.Response(200, json=GOOD[request.url.path.removeprefix(f"/v1/projects/{REF}")])

    told = await read_project(answering(reply))
    assert told.unread == (name,)
    (why,) = told.why_unread
    assert path.partition("?")[0] in why and "canary" not in why
    assert [told.services, told.poolers, told.disk_bytes, told.is_read_only, told.lints].count(None) == 1


GOOD: dict[str, Any] = {
    "": {"status": "ACTIVE_HEALTHY", "database": {"version": "17.6.1"}, "name": "canary", "extra": [1]},
    "/health": [{"name": "db", "healthy": False, "status": "UNHEALTHY", "error": "connection timeout canary"}],
    "/config/database/pooler": [
        {"database_type": "PRIMARY", "pool_mode": "transaction", "connection_string": "postgresql://canary"}
    ],
    "/config/disk/util": {"metrics": {"fs_size_bytes": 10, "fs_used_bytes": 4}},
    "/readonly": {"enabled": True, "override_enabled": False},
    "/advisors/performance": {"lints": [{"name": "something_new", "level": "INFO", "metadata": None}]},
}


async def test_unknown_words_and_extra_fields_pass_and_free_text_does_not() -> None:
    """The vendor answers names outside its own list; addresses, names and sentences of theirs stay there."""
    told = await read_project(answering(lambda r: httpx.Response(200, json=GOOD[r.url.path.split(REF)[1]])))
    assert told.lints is not None and told.lints[0].name == "something_new"
    assert told.services is not None and told.services[0].detail == "connection timeout …"
    assert told.poolers is not None and told.poolers[0].pool_size is None
    assert told.is_read_only and "canary" not in repr(told)


@pytest.mark.parametrize("field", ["status"])
async def test_a_missing_field_names_its_path(field: str) -> None:
    """Not guessed, not defaulted."""
    body = {k: v for k, v in GOOD[""].items() if k != field}
    with pytest.raises(SchemaError) as raised:
        await read_project(telling(body))
    assert raised.value.path == field


@pytest.mark.parametrize("value", ["NaN", "-1"])
async def test_a_disk_of_nonsense_is_not_read(value: str) -> None:
    """NaN and negative sizes are no sizes."""

    def reply(request: httpx.Request) -> httpx.Response:
        path = request.url.path.split(REF)[1]
        text = json.dumps(GOOD[path])
        return httpx.Response(
            200, content=text.replace(": 4}", f": {value}}}"), headers={"content-type": "application/json"}
        )

    assert (await read_project(answering(reply))).unread == ("disk",)


async def test_only_listed_paths_of_a_proper_project_are_asked() -> None:
    """Neither a path of another project nor one that nobody has listed."""
    management = telling({})
    with pytest.raises(OperationRefused):
        await management.get("/v1/projects/{ref}/secrets")
    with pytest.raises(OperationRefused):
        await Management(management.http, "http://api", "../x", "t", 1).get("/v1/projects/{ref}")


async def test_error_lines_are_counted_by_meaning(project: Project) -> None:
    """What the real server wrote: a refused session, and a statement that ran too long."""
    from psycopg import AsyncConnection, Error

    async with await AsyncConnection.connect(project.postgres.dsn, autocommit=True) as session:
        await session.execute("SET statement_timeout = '20ms'")
        for _ in range(2):
            with pytest.raises(Error):
                await session.execute("SELECT pg_sleep(5), 'canary'")
    management, knobs = over(project)
    while sum("statement timeout" in each.message for each in tuple(project.diary)) < 2:
        await asyncio.sleep(0.01)
    now = datetime.now(UTC)
    told = await read_logs(management, now - HOUR, now)
    (group,) = [g for g in told.groups if g.symptom is Symptom.DATABASE_TIMEOUT]
    assert (group.source, group.count) == ("postgres_logs", 2)
    assert group.first_ms <= group.last_ms and "canary" not in repr(told)
    assert not told.is_cut and knobs.writes == ()


def line(seconds: float, message: str, source: str = "postgres_logs") -> dict[str, str]:
    at = (NOW - timedelta(seconds=seconds)).replace(tzinfo=None).isoformat(timespec="microseconds")
    return {"timestamp": at, "source": source, "severity": "FATAL", "event_message": message}


async def test_times_without_a_zone_are_utc_and_the_window_is_bounded() -> None:
    """At most a day, rounded to minutes; without a window only a minute would be searched."""
    asked: list[httpx.QueryParams] = []

    def reply(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params)
        return httpx.Response(200, json={"result": [line(60, "FATAL: sorry, too many clients already canary")]})

    told = await read_logs(answering(reply), NOW - 48 * HOUR, NOW)
    assert asked[0]["iso_timestamp_start"] == "2026-01-25T09:31:00Z"
    assert asked[0]["iso_timestamp_end"] == "2026-01-26T09:30:20Z"
    assert f"limit {LINES}" in asked[0]["sql"] and "select *" not in asked[0]["sql"]
    (group,) = told.groups
    assert group.symptom is Symptom.DATABASE_SLOTS
    assert group.first_ms == round((NOW - timedelta(seconds=60)).timestamp() * 1000)
    assert "canary" not in repr(told)


async def test_more_lines_than_are_read_vouch_for_less() -> None:
    """The newest only: what was before them nobody knows."""
    lines = [line(n, "connection reset", "supavisor_logs") for n in range(LINES)]
    told = await read_logs(telling({"result": lines}), NOW - HOUR, NOW)
    assert told.is_cut and told.since_ms == round((NOW - timedelta(seconds=LINES - 1)).timestamp() * 1000)


@pytest.mark.parametrize(
    "body", [{"error": "Wildcards are not allowed"}, {"result": [], "error": {"code": 400}}, {"result": [{}]}, {}]
)
async def test_an_error_can_come_with_status_200(body: object) -> None:
    """A refused query is no empty log."""
    with pytest.raises(SchemaError):
        await read_logs(telling(body), NOW - HOUR, NOW)


async def test_no_line_is_an_empty_log() -> None:
    """Looked, and nothing there."""
    assert (await read_logs(telling({"result": []}), NOW - HOUR, NOW)).groups == ()
