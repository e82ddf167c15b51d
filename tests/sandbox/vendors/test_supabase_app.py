"""Supabase's management API in the sandbox, over a real server."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from psycopg import AsyncConnection, OperationalError
from tests.sandbox.data.support import client as gateway_client
from tests.sandbox.data.support import serving

from sandbox.data import Project
from sandbox.vendors.supabase import supabase_app
from sandbox.vendors.supabase_state import SupabaseState

pytestmark = pytest.mark.asyncio(loop_scope="module")
SERVICES = [("services", name) for name in ("db", "pooler", "rest")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def project() -> AsyncIterator[Project]:
    async with serving() as found:
        yield found


def manager(project: Project, *, token: str | None = None, state: SupabaseState | None = None) -> httpx.AsyncClient:
    """A client with the project's path before everything; a slash stands for the project itself."""
    transport = httpx.ASGITransport(supabase_app(project, state=state))
    headers = {"Authorization": f"Bearer {token or project.access_token}"}

    async def without_slash(request: httpx.Request) -> None:
        request.url = request.url.copy_with(path=request.url.path.rstrip("/"))

    base = f"http://api/v1/projects/{project.ref}"
    return httpx.AsyncClient(
        transport=transport, base_url=base, headers=headers, event_hooks={"request": [without_slash]}
    )


async def asked(project: Project, path: str, **details: Any) -> Any:
    """The JSON of one GET."""
    async with manager(project) as api:
        answer = await api.get(path, **details)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def searched(project: Project, sql: str, **span: str) -> Any:
    """What a log search gives."""
    return await asked(project, "/analytics/endpoints/logs", params={"sql": sql, **span})


async def test_a_healthy_project_says_so(project: Project) -> None:
    """Status and the health of each service asked for."""
    assert (await asked(project, ""))["status"] == "ACTIVE_HEALTHY"
    health = await asked(project, "/health", params=SERVICES)
    assert [(each["name"], each["status"]) for each in health] == [(name, "ACTIVE_HEALTHY") for _, name in SERVICES]


async def test_full_slots_are_seen_by_everybody_but_the_owner(project: Project) -> None:
    """Real connections fill the server; the advisor names the limit and the log has the server's own line."""
    held = []
    with pytest.raises(OperationalError):
        while True:
            held.append(await AsyncConnection.connect(f"{project.postgres.address} user=supabase_read_only_user"))
    health = {each["name"]: each["status"] for each in await asked(project, "/health", params=SERVICES)}
    async with manager(project) as api:
        lints = {"data": {"type": "x", "attributes": {"lints": [{"name": "db_connection_limit_reached"}]}}}
        fired = (await api.post(f"http://api/v2/projects/{project.ref}/advisors/run", json=lints)).json()
    for connection in held:
        await connection.close()
    assert (health["db"], health["pooler"]) == ("ACTIVE_HEALTHY", "UNHEALTHY")
    assert [lint["name"] for lint in fired["data"]["attributes"]["lints"]] == ["db_connection_limit_reached"]
    found = await searched(
        project,
        "select event_message, log_attributes['parsed.sql_state_code'] as code from logs"
        " where source = 'postgres_logs' and match(event_message, '(?i)remaining connection slots') limit 1",
    )
    assert found["result"][0]["code"] == "53300"


async def test_an_error_is_one_entry_with_its_statement(project: Project) -> None:
    """Detail and statement are attributes, not lines; the gateway's line stands beside."""
    async with gateway_client(project, project.service_role_key) as service:
        await service.post("/rest/v1/crm_connections", json={"org_id": "e53d7d42-23a9-5795-7591-000000000000"})
    async with asyncio.timeout(5):  # the server's line comes through a pipe
        while not any("foreign key" in line.message and "parsed.query" in line.attributes for line in project.diary):
            await asyncio.sleep(0.01)
    entry = await searched(
        project,
        "select event_message, log_attributes['parsed.detail'] as detail, log_attributes['parsed.query'] as query"
        " from logs where source = 'postgres_logs' and event_message ilike '%foreign key%' order by timestamp desc limit 1",
    )
    row = entry["result"][0]
    assert row["detail"].startswith("Key (org_id)=") and 'INSERT INTO "public"."crm_connections"' in row["query"]
    codes = await searched(
        project,
        "select count() as n, toInt32OrZero(log_attributes['response.status_code']) as code from logs"
        " where source = 'edge_logs' group by code",
    )
    assert {"n": 1, "code": 409} in codes["result"]


@pytest.mark.parametrize("sql", ["select * from logs", "select count(*) from logs", "select nothing from logs"])
async def test_sql_that_is_not_allowed_is_an_error_with_status_200(project: Project, sql: str) -> None:
    """As the real one refuses wildcards."""
    found = await searched(project, sql)
    assert found["result"] == [] and found["error"]


async def test_a_window_longer_than_a_day_is_refused(project: Project) -> None:
    """400 with a message."""
    now = datetime.now(UTC)
    span = {"iso_timestamp_start": (now - timedelta(hours=25)).isoformat(), "iso_timestamp_end": now.isoformat()}
    async with manager(project) as api:
        answer = await api.get("/analytics/endpoints/logs", params=span)
    assert (answer.status_code, "24 hours" in answer.json()["message"]) == (400, True)


async def test_without_a_window_only_the_last_minute_is_searched(project: Project) -> None:
    """An older line is there only for those who ask for its time."""
    old = project.diary[0]
    old.at, old.message = datetime.now(UTC) - timedelta(minutes=5), "five minutes ago"
    sql = "select event_message from logs where event_message = 'five minutes ago'"
    assert (await searched(project, sql))["result"] == []
    span = {
        "iso_timestamp_start": (old.at - timedelta(minutes=1)).isoformat(),
        "iso_timestamp_end": datetime.now(UTC).isoformat(),
    }
    assert len((await searched(project, sql, **span))["result"]) == 1


async def test_sql_reads_and_does_not_write(project: Project) -> None:
    """Rows with 201; a write is refused by the role, not by a look at the text."""
    async with manager(project) as api:
        path = "/database/query/read-only"
        read = await api.post(path, json={"query": "select count(*) as n, now() as at from public.agents"})
        written = await api.post(path, json={"query": "delete from public.agents"})
    assert (read.status_code, read.json()[0]["n"]) == (201, 40)
    assert (written.status_code, "25006" in written.json()["message"]) == (400, True)


async def test_a_full_disk_makes_the_database_read_only_until_it_is_emptied(project: Project) -> None:
    """Real bytes; ordinary roles cannot write, and the operator's switch lets them again."""
    before = (await asked(project, "/config/disk/util"))["metrics"]
    await project.fill_disk(0.96)
    after = (await asked(project, "/config/disk/util"))["metrics"]
    assert (
        before["fs_used_bytes"] < 0.9 * before["fs_size_bytes"] < 0.95 * after["fs_size_bytes"] < after["fs_used_bytes"]
    )
    assert (await asked(project, "/readonly"))["enabled"] is True
    async with await AsyncConnection.connect(f"{project.postgres.address} user=authenticator") as ordinary:
        with pytest.raises(Exception, match="read-only transaction"):
            await ordinary.execute(
                "CREATE TEMPORARY SEQUENCE one; SET ROLE service_role; INSERT INTO public.users (email) VALUES ('a')"
            )
    async with manager(project) as api:
        assert (await api.post("/readonly/temporary-disable")).status_code == 201
    assert (await asked(project, "/readonly"))["enabled"] is False
    await project.empty_disk()
    assert (await asked(project, "/config/disk/util"))["metrics"]["fs_used_bytes"] < 0.95 * before["fs_size_bytes"]


async def test_advisors_read_the_catalogs(project: Project) -> None:
    """A foreign key without an index is named until it has one."""

    def keys(found: Any) -> set[str]:
        return {lint["cache_key"] for lint in found["lints"]}

    named = "unindexed_foreign_keys_public_agents_agents_org_id_fkey"
    assert named in keys(await asked(project, "/advisors/performance"))
    await project.postgres.execute("CREATE INDEX agents_org ON agents (org_id)")
    assert named not in keys(await asked(project, "/advisors/performance"))
    assert all(lint["categories"] == ["SECURITY"] for lint in (await asked(project, "/advisors/security"))["lints"])


async def test_pause_and_restore_stop_and_start_the_server(project: Project) -> None:
    """`INACTIVE`, services unhealthy, the server gone; then all of it back."""
    async with manager(project) as api:
        assert (await api.post("/pause")).status_code == 200
        assert ((await api.get("")).json()["status"], project.postgres.is_running) == ("INACTIVE", False)
        assert {each["healthy"] for each in (await api.get("/health", params=SERVICES)).json()} == {False}
        assert (await api.post("/restore")).status_code == 200
        assert ((await api.get("")).json()["status"], project.postgres.is_running) == ("ACTIVE_HEALTHY", True)


async def test_a_server_that_is_gone_is_not_a_paused_project(project: Project) -> None:
    """`ACTIVE_UNHEALTHY`."""
    await project.postgres.stop()
    assert (await asked(project, ""))["status"] == "ACTIVE_UNHEALTHY"
    await project.postgres.start()


@pytest.mark.parametrize(
    ("token", "state", "path", "status"),
    [
        ("sbp_wrong", SupabaseState(), "", 401),
        (None, SupabaseState(status=403), "", 403),
        (None, SupabaseState(per_minute=0), "", 429),
        (None, SupabaseState(), "/../aaaaaaaaaaaaaaaaaaaa", 404),
        (None, SupabaseState(), "/health", 400),
        (None, SupabaseState(body="html"), "", 403),
    ],
)
async def test_refusals_carry_the_limits(
    project: Project, token: str | None, state: SupabaseState, path: str, status: int
) -> None:
    """Every answer has the three headers; the last counts seconds down."""
    async with manager(project, token=token, state=state) as api:
        answer = await api.get(path)
    assert answer.status_code == status
    assert {"x-ratelimit-limit", "x-ratelimit-remaining"} <= set(answer.headers)
    assert 0 < int(answer.headers["x-ratelimit-reset"]) <= 60


async def test_only_changes_are_counted_as_writes(project: Project) -> None:
    """A question by POST is none."""
    state = SupabaseState()
    async with manager(project, state=state) as api:
        await api.get("")
        await api.post("/database/query/read-only", json={"query": "select 1"})
        assert state.writes == ()
        await api.post("/restart")
    assert state.writes == ("POST /v1/projects/{ref}/restart",)
