"""The allow-lists are enforced: what is not on a client's list is refused before anything is sent."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from diagnostics.budget import Budget
from diagnostics.clients import sentry, supabase, supabase_rest, upstash_api, vercel
from diagnostics.clients.http import Http
from diagnostics.clients.permitted import permit_get
from diagnostics.errors import OperationRefused
from diagnostics.profile import SupabaseSection, UpstashApiSection, VercelSection

LISTED = (("GET", "/v1/things/{id}"), ("GET", "/v1/things/"), ("POST", "/v1/run"))


@pytest.mark.parametrize("path", ["/v1/things/7", "/v1/things/a%2Fb", "/v1/things/..a", "/v1/things/"])
def test_a_listed_path_passes_as_it_is(path: str) -> None:
    """A placeholder is one segment."""
    assert permit_get(LISTED, path) == path


@pytest.mark.parametrize(
    "path",
    [
        "/v1/things",
        "/v1/things/7/8",
        "/v1/things/..",
        "/v1/things/.",
        "/v1/things/7?x=1",
        "/v1/things/7#x",
        "/v1/run",
        "",
    ],
)
def test_any_other_path_is_refused(path: str) -> None:
    """More segments, segments of dots, a query, another method."""
    with pytest.raises(OperationRefused):
        permit_get(LISTED, path)


@pytest.mark.parametrize("client", [sentry, supabase, supabase_rest, upstash_api, vercel])
def test_every_listed_read_is_permitted_by_its_own_list(client: Any) -> None:
    """With the placeholders as their own values."""
    for method, path in client.REQUESTS:
        assert (method, permit_get(client.REQUESTS, path)) == (method, path)


async def test_a_name_that_leads_elsewhere_sends_nothing() -> None:
    """Ids of the profile become segments of paths; one with a slash or of dots would be another request."""
    sent: list[str] = []

    def reply(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        return httpx.Response(200, json={})

    http = Http(httpx.AsyncClient(transport=httpx.MockTransport(reply)), Budget())
    upstash = UpstashApiSection(base_url="http://api/v2", database_id="x/reset-password")
    with pytest.raises(OperationRefused):
        await upstash_api.read_plan(http, upstash, ("a@example.org", "key"), host="", timeout_s=1)
    with pytest.raises(OperationRefused):
        await vercel.read_deployments(http, VercelSection(base_url="http://api", project_id=".."), "t", timeout_s=1)
    with pytest.raises(OperationRefused):
        await supabase_rest.read_row(supabase_rest.Gate(http, "http://project", "anon", "k", 1), "rpc/drop_all")
    assert sent == []


@pytest.mark.parametrize("name", ["agents", "_Agents2"])
def test_a_table_of_the_profile_is_one_name(name: str) -> None:
    """As PostgREST has it in a path."""
    assert SupabaseSection(tables=(name,)).tables == (name,)


@pytest.mark.parametrize("name", ["rpc/drop_all", "agents?select=*", "2agents", "", "a b"])
def test_a_table_of_another_form_is_refused(name: str) -> None:
    """It would be another request."""
    with pytest.raises(ValidationError):
        SupabaseSection(tables=(name,))
