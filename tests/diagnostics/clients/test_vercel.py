"""Vercel's client against the sandbox's stand-in: releases, build log, variables, request log; values end in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.clients.answering import answering, http

from diagnostics.budget import Budget
from diagnostics.clients.build_words import masked
from diagnostics.clients.http import Http, open_http
from diagnostics.clients.vercel import REQUESTS, read_deployments, read_variables
from diagnostics.clients.vercel_requests import read_requests, route_of
from diagnostics.errors import Unauthorized
from diagnostics.profile import VercelSection
from diagnostics.readings import VercelDeployments, VercelRequests, VercelVariables
from diagnostics.scope import Window
from sandbox.frontend.releases import FILE_NAME_CASE, HEAD, PREVIOUS
from sandbox.site import Site
from sandbox.site.requests import Row
from sandbox.vendors.vercel import vercel_app

NOW = datetime.now(UTC)
WINDOW = Window(since=NOW - timedelta(hours=3), until=NOW + timedelta(minutes=1))
CANARY = "canary-of-vercel"


class Standing:
    """One project on the stand-in, and the client's three reads of it."""

    def __init__(self) -> None:
        self.site = Site(injected={})
        self.app = vercel_app(self.site, self.site.token)
        self.token = self.site.token

    async def _with(self, read: Any, **more: Any) -> Any:
        transport = httpx.ASGITransport(app=self.app)
        section = VercelSection(
            base_url="http://vercel.test", project_id=self.site.project_id, team_id=self.site.team_id
        )
        async with httpx.AsyncClient(transport=transport) as client:
            return await read(Http(client, Budget()), section, self.token, timeout_s=5, **more)

    async def deployments(self) -> VercelDeployments:
        return await self._with(read_deployments)

    async def variables(self) -> VercelVariables:
        return await self._with(read_variables)

    async def requests(self) -> VercelRequests:
        return await self._with(read_requests, window=WINDOW)

    def served(
        self, status: int, path: str = "/api/agents/42", *, seconds: float = 60, text: str = "", method: str = "GET"
    ) -> None:
        """One request that ended with `status`, `seconds` ago."""
        row = Row(
            id=f"iad1::{len(self.site.requests.rows)}",
            at=NOW - timedelta(seconds=seconds),
            deployment_id="dpl_x",
            method=method,
            path=path,
            domain=self.site.domain,
        )
        self.site.requests.begin(row)
        if text:
            self.site.requests.printed(row.id, row.deployment_id, "error", text)
        self.site.requests.end(row, status)


@pytest.fixture
def standing() -> Standing:
    return Standing()


def ready(standing: Standing, hours: float = 26.0) -> str:
    """A release that serves."""
    deployment = standing.site.remember(HEAD, NOW - timedelta(hours=hours))
    standing.site.alias = deployment.id
    return deployment.id


async def test_the_serving_release_is_the_one_the_project_names(standing: Standing) -> None:
    """After a rollback that is not the newest."""
    older = ready(standing)
    newer = standing.site.remember(PREVIOUS, NOW - timedelta(hours=1))
    told = await standing.deployments()
    assert told.serving is not None and told.serving.id == older
    assert [d.id for d in told.deployments] == [newer.id, older]
    assert (told.build_id, told.build_errors, told.is_paused) == ("", None, False)


async def test_nothing_serves_where_the_alias_points_nowhere(standing: Standing) -> None:
    """The list alone would have named a release."""
    ready(standing)
    standing.site.alias = None
    assert (await standing.deployments()).serving is None


async def test_a_failed_build_brings_its_error_lines(standing: Standing) -> None:
    """Of a newest attempt that failed, and of no other."""
    ready(standing)
    failed = standing.site.deploy(FILE_NAME_CASE)
    await standing.site.settle()
    told = await standing.deployments()
    assert told.build_id == failed.id
    assert told.build_errors and "Failed to compile." in " ".join(told.build_errors)


async def test_values_of_variables_end_in_the_client(standing: Standing) -> None:
    """Name, targets and times; nothing of the value in any form."""
    standing.site.variables.set({"SUPABASE_URL": f"https://{CANARY}.supabase.co", "B": CANARY})
    standing.site.variables.limit("B", "preview")
    told = await standing.variables()
    assert {v.name: v.targets for v in told.variables} == {"SUPABASE_URL": ("production", "preview"), "B": ("preview",)}
    assert all(v.updated_at for v in told.variables) and told.is_complete
    assert "canary" not in repr(told)


async def test_the_request_log_without_ids_and_texts(standing: Standing) -> None:
    """Routes, statuses and what an error text means; the text itself is dropped."""
    standing.served(200)
    standing.served(500, seconds=30, text=f"Supabase environment validation failed: SUPABASE_URL {CANARY}")
    told = await standing.requests()
    assert told.is_read and told.routes == ("/api/agents/:id",)
    assert (told.status, told.trouble) == ((200, 500), ("", "variable_missing"))
    assert told.variables == ("SUPABASE_URL",)
    assert told.since_ms == round(WINDOW.since.timestamp() * 1000)
    assert "canary" not in repr(told)


async def test_writing_is_a_route_of_its_own(standing: Standing) -> None:
    """What only reads keeps its path; so does a row without a method."""
    for method in ("GET", "HEAD", "POST", "DELETE", "", "TRACE"):
        standing.served(200, "/api/agents", method=method)
    assert set((await standing.requests()).routes) == {"/api/agents", "POST /api/agents", "DELETE /api/agents"}


async def test_a_log_longer_than_we_read_vouches_for_its_end_alone(standing: Standing) -> None:
    """From the oldest request read; older failures are known, and no share is made of them."""
    for n in range(500):
        standing.served(500 if n < 5 else 200, seconds=6000 - n * 10)
    told = await standing.requests()
    in_span = [at for at in told.at_ms if at >= told.since_ms]
    assert told.since_ms > round(WINDOW.since.timestamp() * 1000)
    assert len(in_span) < 500
    assert sum(s == 500 for s in told.status) == 5


async def test_a_refused_token(standing: Standing) -> None:
    """Releases and variables are lost with a reason; the log is a limit."""
    standing.token = "wrong"
    for read in (standing.deployments, standing.variables):
        with pytest.raises(Unauthorized):
            await read()
    assert not (await standing.requests()).is_read


async def test_only_the_allowed_requests_are_sent_and_all_of_them_read(standing: Standing) -> None:
    """The stand-in's journal holds GETs of the allow-list, each with the team."""
    ready(standing)
    standing.site.deploy(FILE_NAME_CASE)
    await standing.site.settle()
    await standing.deployments()
    await standing.variables()
    await standing.requests()
    journal = standing.app.state.vercel.journal
    allowed = {*(" ".join(r) for r in REQUESTS), "GET /api/logs/request-logs"}
    assert {asked.operation for asked in journal} <= allowed
    assert all(asked.query.get("teamId") or asked.query.get("ownerId") for asked in journal)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (http(500, b"{}"), "answered 500"),
        (http(401, b"{}"), "answered 401: the credentials"),
        (http(200, b"<html>", kind="text/html"), "/api/logs/request-logs"),
        (http(200, b'{"rows": 3}'), "field rows"),
    ],
)
async def test_a_log_that_cannot_be_read_is_no_error(reply: bytes, why: str) -> None:
    """It is no documented API; the reason is kept, and the token is not in it."""
    async with answering(reply) as server, open_http(Budget()) as client:
        section = VercelSection(base_url=server.url, project_id="p")
        told = await read_requests(client, section, CANARY, window=WINDOW, timeout_s=1)
    assert told == VercelRequests(is_read=False, why_unread=told.why_unread)
    assert why in told.why_unread and CANARY not in told.why_unread


@pytest.mark.parametrize(
    ("told", "route"),
    [
        ("/", "/"),
        ("/api/agents?token=x", "/api/agents"),
        ("/api/agents/42", "/api/agents/:id"),
        ("/o/0b0e7a52-4a1c-4b8e-9c59-0123456789ab/x", "/o/:id/x"),
        ("/reset/AbCdEfGhIjKlMnOpQr", "/reset/:id"),
        ("/reset/AbCdEfGhIjKlMnO", "/reset/AbCdEfGhIjKlMnO"),
        ("/in/eyJhbGciOiJI.eyJyb2xl.sig", "/in/:id"),
        ("/a b", "/…"),
    ],
)
def test_routes_hold_no_ids(told: str, route: str) -> None:
    """Paths of customers become routes."""
    assert route_of(told) == route


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("Type error: Property 'job' does not exist on type 'Ctx'.", None),
        ("./app/layout.tsx:12:5", None),
        ("Module not found: Can't resolve '@/lib/crypto'", None),
        ("Error: Environment validation failed: SUPABASE_URL", None),
        ("NEXTAUTH_SECRET=hunter", "NEXTAUTH_SECRET=…"),
        ("DATABASE_URL: postgres://u:p@h/d", "DATABASE_URL: …"),
        ("token sk-or-v1-9c1e77aa42 refused", "token … refused"),
        ("at https://x.supabase.co/rest?apikey=1", "at …"),
        ("key AKIAIOSFODNN7EXAMPLE", "key …"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYSJ9.sig", "…"),
        ("mail ivan@example.org", "mail …"),
        ("with password CorrectHorseBattery and key AKIA_ABCDEF123_SECRET99", "with password … and key …"),
        ("refused AKIA_ABCDEF123_SECRET99", "refused …"),
        ("refused API_V2_SECRET_9", None),
        ("missing NEXT_PUBLIC_SUPABASE_ANON_KEY, SUPABASE_URL", None),
        ("secret is hunter, credentials: Horse; passwd = Battery", "secret is … credentials: … passwd = …"),
        ('{ "token": "horse" }', '{ "token": … }'),
        ("apiKey: horse api_key=horse", "apiKey: …"),
        ("the secret key horse", "the secret key …"),
        ("Error: invalid token", None),
        ("monkey business, keys stay", None),
    ],
)
def test_build_lines_keep_words_and_places_and_lose_values(line: str, kept: str | None) -> None:
    """What a person needs to find the place in the code, and no value."""
    assert masked(line) == (line if kept is None else kept)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=24, max_size=80))
def test_no_long_token_passes_a_build_line(token: str) -> None:
    """Tokens as vendors issue them are longer than any word."""
    assert token not in masked(f"Error: refused {token} again")
