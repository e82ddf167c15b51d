"""Vercel's stand-in drives and shows the real site: pages, filters, logs, secrets, and what its actions do."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
import pytest_asyncio
from tests.contracts.vendors.vercel_contract import site_with_a_past
from tests.contracts.vendors.vercel_operations import TOKEN

from sandbox.frontend.releases import HEAD
from sandbox.site import Site
from sandbox.site.requests import Printed, Row
from sandbox.vendors.vercel import vercel_app
from sandbox.vendors.vercel_state import VercelBody, VercelState


class Api:
    """A client with the account's token and team."""

    def __init__(self, site: Site, names: dict[str, str], state: VercelState) -> None:
        self.site, self.names, self.state = site, names, state
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(vercel_app(site, TOKEN, state=state)),
            base_url="http://vercel.test",
            headers={"Authorization": f"Bearer {TOKEN}"},
        )

    async def ask(self, method: str, path: str, body: object = None, **query: str) -> httpx.Response:
        params = {"teamId": self.site.team_id, **query}
        return await self._client.request(method, path.format(**self.names), params=params, json=body)

    async def get(self, path: str, **query: str):  # type: ignore[no-untyped-def]
        return (await self.ask("GET", path, **query)).json()

    async def ids(self, **query: str) -> list[str]:
        """Ids of the listed deployments by their names here."""
        found = (await self.get("/v6/deployments", **query))["deployments"]
        known = {value: name for name, value in self.names.items()}
        return [known[each["uid"]] for each in found]


@pytest_asyncio.fixture
async def api() -> AsyncIterator[Api]:
    site, names = site_with_a_past()
    yield Api(site, names, VercelState(stream_s=0.2))
    await site.close()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["failed", "serving", "older"]),
        ({"state": "READY"}, ["serving", "older"]),
        ({"state": "ERROR,CANCELED"}, ["failed"]),
        ({"target": "preview"}, []),
        ({"rollbackCandidate": "true"}, ["older"]),
        ({"sha": HEAD.commit}, ["serving"]),
        ({"branch": "feature"}, []),
        ({"limit": "1", "state": "READY"}, ["serving"]),
    ],
)
async def test_deployments_are_filtered(api: Api, query: dict[str, str], expected: list[str]) -> None:
    """Newest first, by every filter a client uses."""
    assert await api.ids(**query) == expected


async def test_pages_meet_without_gap_or_overlap(api: Api) -> None:
    """`next` of one page is `until` of the following one; the last page has none."""
    found, until = [], {}
    for _ in range(3):
        page = await api.get("/v6/deployments", limit="1", **until)
        found += [each["uid"] for each in page["deployments"]]
        until = {"until": str(page["pagination"]["next"])}
    assert found == [each.id for each in api.site.deployments()]
    assert page["pagination"]["next"] is None


async def test_the_alias_names_what_serves(api: Api) -> None:
    """And the newest deployment is another one."""
    found = await api.get("/v13/deployments/{domain}")
    assert (found["id"], found["alias"]) == (api.names["serving"], [api.site.domain])
    project = await api.get("/v9/projects/{project}")
    assert project["targets"]["production"]["id"] == api.names["serving"]
    api.site.alias = None
    assert (await api.ask("GET", "/v13/deployments/{domain}")).status_code == 404
    assert (await api.get("/v9/projects/{project}"))["targets"]["production"] is None


async def test_no_secret_is_ever_told(api: Api) -> None:
    """Neither by the variables nor by the project; the names are."""
    for path in ("/v10/projects/{project}/env", "/v9/projects/{project}"):
        answer = await api.ask("GET", path)
        assert "service-key" not in answer.text and "SUPABASE_SERVICE_ROLE_KEY" in answer.text


async def test_build_events_are_chosen(api: Api) -> None:
    """None without `builds=1`, ten by default, all with `limit=-1`, the newest first when asked so."""
    path = "/v3/deployments/{failed}/events"
    assert await api.get(path) == []
    everything = await api.get(path, builds="1", limit="-1")
    assert [each["text"] for each in everything if each.get("level") == "error"] == ["Failed to compile."]
    assert await api.get(path, builds="1", limit="2") == everything[:2]
    assert await api.get(path, builds="1", limit="-1", direction="backward") == everything[::-1]


@pytest.mark.parametrize("query", [{"follow": "1"}, {"format": "lines", "limit": "-1"}])
async def test_build_events_come_as_lines_too(api: Api, query: dict[str, str]) -> None:
    """One JSON object a line, under the type of streams."""
    answer = await api.ask("GET", "/v3/deployments/{failed}/events", builds="1", **query)
    assert answer.headers["content-type"].startswith("application/stream+json")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines == await api.get("/v3/deployments/{failed}/events", builds="1", limit="-1")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 3),
        ({"statusCode": "5xx"}, 1),
        ({"statusCode": "404"}, 1),
        ({"level": "error"}, 1),
        ({"level": "info,warning"}, 2),
        ({"source": "static"}, 1),
        ({"search": "fetch failed"}, 1),
        ({"startDate": "99999999999999"}, 0),
        ({"deploymentId": "dpl_x"}, 0),
        ({"page": "1"}, 0),
    ],
)
async def test_the_request_history_is_filtered(api: Api, query: dict[str, str], count: int) -> None:
    """By status, level, source, text and time."""
    for status, source in ((200, "static"), (404, "serverless")):
        row = _row(api, f"iad1::{status}", source=source)
        api.site.requests.begin(row)
        api.site.requests.end(row, status)
    found = await api.get("/api/logs/request-logs", projectId="{project}".format(**api.names), **query)
    assert (len(found["rows"]), found["hasMoreRows"]) == (count, False)


async def test_the_live_log_has_no_past_and_ends_with_a_delimiter(api: Api) -> None:
    """Only requests answered while it is open, each with what it printed."""
    path = "/v1/projects/{project}/deployments/{serving}/runtime-logs"
    asking = asyncio.ensure_future(api.ask("GET", path, format="lines"))
    row = _row(api, "iad1::live")
    while not api.site.requests._listeners:
        await asyncio.sleep(0.005)
    api.site.requests.begin(row)
    row.printed.append(Printed(at=row.at, level="error", text="TypeError: fetch failed"))
    api.site.requests.end(row, 500)
    lines = [json.loads(line) for line in (await asking).text.splitlines()]
    assert [each["source"] for each in lines] == ["request", "serverless", "delimiter"]
    assert (lines[1]["message"], lines[1]["responseStatusCode"]) == ("TypeError: fetch failed", 500)


def _row(api: Api, id_: str, *, source: str = "serverless") -> Row:
    return Row(
        **{"id": id_, "at": datetime.now(UTC), "deployment_id": api.names["serving"]},
        **{"method": "GET", "path": "/x", "domain": api.site.domain, "source": source},
    )


async def test_a_redeploy_builds_with_the_variables_of_now(api: Api) -> None:
    """It answers at once, and the new deployment serves when it is ready."""
    body = {"name": "gpt-agent", "deploymentId": api.names["older"], "target": "production"}
    api.site.variables.set({"LOG_LEVEL": "debug"})
    found = (await api.ask("POST", "/v13/deployments", body, forceNew="1")).json()
    assert found["readyState"] == "QUEUED" and found["source"] == "redeploy"
    await api.site.settle()
    assert api.site.serving is not None
    assert (api.site.alias, api.site.serving.variables["LOG_LEVEL"]) == (found["id"], "debug")
    assert (await api.get(f"/v13/deployments/{found['id']}"))["readyState"] == "READY"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v10/projects/{project}/promote/{older}", "promote"),
        ("/v1/projects/{project}/rollback/{older}", "rollback"),
    ],
)
async def test_the_alias_is_moved_without_a_build(api: Api, path: str, kind: str) -> None:
    """The project tells how far the move came."""
    assert (await api.ask("POST", path, {})).status_code == 201
    await api.site.settle()
    request = (await api.get("/v9/projects/{project}"))["lastAliasRequest"]
    assert (request["type"], request["jobStatus"], request["fromDeploymentId"]) == (
        *(kind, "succeeded"),
        api.names["serving"],
    )
    assert api.site.alias == api.names["older"]
    assert len(api.site.deployments()) == 3


async def test_every_request_is_in_the_journal(api: Api) -> None:
    """A refused write is a write received."""
    await api.get("/v6/deployments")
    await api.ask("POST", "/v10/projects/{project}/promote/{failed}", {})
    assert api.state.counts()["GET /v6/deployments"] == 1
    assert api.state.writes == ("POST /v10/projects/{project}/promote/{deployment}",)


async def test_what_a_test_may_spoil(api: Api) -> None:
    """HTML, half an answer, and an enum value nobody has heard of."""
    api.state.renamed = {"READY": "THAWED"}
    assert (await api.get("/v13/deployments/{serving}"))["readyState"] == "THAWED"
    api.state.body = VercelBody.TRUNCATED
    with pytest.raises(json.JSONDecodeError):
        await api.get("/v13/deployments/{serving}")
    api.state.body = VercelBody.HTML
    answer = await api.ask("GET", "/v13/deployments/{serving}")
    assert answer.headers["content-type"].startswith("text/html")
