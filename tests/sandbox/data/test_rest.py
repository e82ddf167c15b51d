"""PostgREST's answers, with a real server behind them."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from psycopg import AsyncConnection
from tests.sandbox.data.support import client, serving

from sandbox.data import Project
from sandbox.data.pool import Pool
from sandbox.worker.supabase import Supabase, SupabaseError

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def project() -> AsyncIterator[Project]:
    async with serving() as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def service(project: Project) -> AsyncIterator[httpx.AsyncClient]:
    async with client(project, project.service_role_key) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def anon(project: Project) -> AsyncIterator[httpx.AsyncClient]:
    async with client(project, project.anon_key) as found:
        yield found


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "message"),
    [
        ("GET", "/nothing", None, 404, "PGRST205", "Could not find the table 'public.nothing' in the schema cache"),
        ("GET", "/agents?select=nothing", None, 400, "42703", "column agents.nothing does not exist"),
        (
            "POST",
            "/webhook_events",
            {"nothing": 1},
            400,
            "PGRST204",
            "Could not find the 'nothing' column of 'webhook_events' in the schema cache",
        ),
        ("GET", "/agents?id=like", None, 400, "PGRST100", '"failed to parse filter (like)" (line 1, column 1)'),
        ("GET", "/agents?id=eq.x", None, 400, "22P02", 'invalid input syntax for type uuid: "x"'),
        (
            "POST",
            "/organizations",
            {"name": None},
            400,
            "23502",
            'null value in column "name" of relation "organizations" violates not-null constraint',
        ),
        (
            "POST",
            "/rpc/version",
            {},
            404,
            "PGRST202",
            "Could not find the function public.version without parameters in the schema cache",
        ),
        ("PUT", "/agents", None, 405, "PGRST117", "Unsupported HTTP method: PUT"),
        ("GET", "/agents/1", None, 404, "PGRST125", "Invalid path specified in request URL"),
    ],
)
async def test_a_refusal_has_postgrests_status_code_and_text(
    service: httpx.AsyncClient, method: str, path: str, body: object, status: int, code: str, message: str
) -> None:
    """What the logs are searched for, and the four keys of the body."""
    answer = await service.request(method, f"/rest/v1{path}", json=body)
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (status, code, message)
    assert list(answer.json()) == ["code", "details", "hint", "message"]


async def test_rows_are_read_in_the_order_asked_for_and_counted(service: httpx.AsyncClient) -> None:
    """Filter, order, limit, offset; the count comes in Content-Range and makes the answer a part."""
    query = "/rest/v1/agents?select=title:name&name=in.(Agent 3,Agent 1,Agent 2)&order=name.desc&limit=1&offset=1"
    answer = await service.get(query, headers={"Prefer": "count=exact"})
    assert (answer.status_code, answer.headers["content-range"]) == (206, "1-1/3")
    assert answer.json() == [{"title": "Agent 2"}]


async def test_head_counts_without_a_body(service: httpx.AsyncClient) -> None:
    """As health pages count."""
    answer = await service.head("/rest/v1/organizations?select=*", headers={"Prefer": "count=exact"})
    assert (answer.status_code, answer.headers["content-range"], answer.content) == (200, "0-19/20", b"")


async def test_a_single_object_is_one_row_or_an_error(service: httpx.AsyncClient) -> None:
    """What `.single()` of supabase-js asks for."""
    one = {"Accept": "application/vnd.pgrst.object+json"}
    found = await service.get("/rest/v1/agents?select=name&name=eq.Agent 7", headers=one)
    assert found.json() == {"name": "Agent 7"}
    missing = await service.get("/rest/v1/agents?select=name&name=eq.Nobody", headers=one)
    assert (missing.status_code, missing.json()["code"]) == (406, "PGRST116")


async def test_a_row_is_made_changed_merged_and_deleted(service: httpx.AsyncClient) -> None:
    """Every way to write, with and without the row coming back."""
    path, returned = "/rest/v1/job_status", {"Prefer": "return=representation"}
    made = await service.post(path, json={"id": "j", "type": "t", "status": "pending"}, headers=returned)
    assert (made.status_code, made.json()[0]["progress"]) == (201, 0)
    changed = await service.patch(f"{path}?id=eq.j", json={"progress": 50})
    assert (changed.status_code, changed.content) == (204, b"")
    merge = {"Prefer": "resolution=merge-duplicates"}
    merged = await service.post(
        f"{path}?on_conflict=id", json={"id": "j", "type": "t", "status": "failed"}, headers=merge
    )
    assert merged.status_code == 201
    deleted = await service.request("DELETE", f"{path}?id=eq.j", headers=returned)
    assert [(row["status"], row["progress"]) for row in deleted.json()] == [("failed", 50)]


async def test_row_security_filters_reads_and_refuses_writes_of_the_public_key(
    anon: httpx.AsyncClient, service: httpx.AsyncClient
) -> None:
    """An empty answer without an error on the one side, 42501 on the other; the secret key is above it."""
    assert (await anon.get("/rest/v1/agents?select=id")).json() == []
    refused = await anon.post("/rest/v1/organizations", json={"name": "x"})
    assert (refused.status_code, refused.json()["code"]) == (401, "42501")
    assert "row-level security policy" in refused.json()["message"]
    assert len((await service.get("/rest/v1/agents?select=id")).json()) == 40


async def test_a_user_sees_his_own(project: Project) -> None:
    """A token of the login service is a role with claims, which the policies read."""
    user = str((await _rows(project, "SELECT numbered('user', 3)"))[0][0])
    token = project.keys.token({"role": "authenticated", "sub": user})
    async with client(project, project.anon_key, token) as browser:
        agents = (await browser.get("/rest/v1/agents?select=name&order=name")).json()
    assert [row["name"] for row in agents] == ["Agent 23", "Agent 3"]


@pytest.mark.parametrize(
    ("lifetime_s", "code", "message"),
    [(-10.0, "PGRST303", "JWT expired"), (None, "PGRST301", "No suitable key or wrong key type")],
)
async def test_a_bad_token_is_401(project: Project, lifetime_s: float | None, code: str, message: str) -> None:
    """Expired, and not ours."""
    token = "a.b.c" if lifetime_s is None else project.keys.token({"role": "authenticated"}, lifetime_s)
    async with client(project, project.anon_key, token) as browser:
        answer = await browser.get("/rest/v1/agents")
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (401, code, message)


async def test_a_migration_is_seen_and_a_silent_one_is_not(project: Project, service: httpx.AsyncClient) -> None:
    """The event trigger tells PostgREST; where it did not run, the column is there and PGRST204 is the answer."""
    await project.postgres.execute("SET event_triggers = off", "ALTER TABLE documents ADD COLUMN pages int")
    body = {
        "org_id": str((await _rows(project, "SELECT id FROM organizations LIMIT 1"))[0][0]),
        "title": "t",
        "pages": 3,
    }
    refused = await service.post("/rest/v1/documents", json=body)
    assert refused.json()["code"] == "PGRST204"
    await project.postgres.execute("NOTIFY pgrst, 'reload schema'")
    async with asyncio.timeout(5):
        while (await service.post("/rest/v1/documents", json=body)).status_code != 201:
            await asyncio.sleep(0.01)


async def test_the_public_role_is_cut_off_earlier(project: Project, anon: httpx.AsyncClient) -> None:
    """Each role has its own statement timeout, read from the server."""
    await project.postgres.execute(
        "ALTER ROLE anon SET statement_timeout = '50ms'",
        "CREATE FUNCTION nap() RETURNS void LANGUAGE sql AS 'SELECT pg_sleep(1)'",
    )
    async with asyncio.timeout(5):
        while "nap" not in {each.name for each in project.rest.schema.functions}:
            await asyncio.sleep(0.01)
    answer = await anon.post("/rest/v1/rpc/nap", json={})
    assert (answer.status_code, answer.json()["code"]) == (500, "57014")
    assert answer.json()["message"] == "canceling statement due to statement timeout"


async def test_a_full_pool_is_waited_for_and_then_refused(project: Project, service: httpx.AsyncClient) -> None:
    """The pool is bounded for real: held connections make the next request wait, and fail when it waited too long."""
    usual, project.rest.pool = project.rest.pool, Pool(project.postgres.dsn, size=1, patience_s=0.05)
    try:
        async with project.rest.pool.connection():
            answer = await service.get("/rest/v1/agents?limit=1")
        assert (answer.status_code, answer.json()["code"]) == (504, "PGRST003")
        assert (await service.get("/rest/v1/agents?limit=1")).status_code == 200
    finally:
        await project.rest.pool.close()
        project.rest.pool = usual


async def test_only_the_secret_key_reads_the_root(anon: httpx.AsyncClient, service: httpx.AsyncClient) -> None:
    """The description of the tables; the public key is told so, which still proves the gateway alive."""
    assert "/agents" in (await service.get("/rest/v1/")).json()["paths"]
    refused = await anon.get("/rest/v1/")
    assert refused.json()["message"] == "Access to schema is forbidden"


@pytest.mark.parametrize(("key", "text"), [(None, "No API key found in request"), ("sb_secret_no", "Invalid API key")])
async def test_a_key_that_is_not_in_force_is_401(project: Project, key: str | None, text: str) -> None:
    """Missing and unknown."""
    async with client(project, key) as stranger:
        answer = await stranger.get("/rest/v1/agents")
    assert (answer.status_code, answer.json()["message"]) == (401, text)


async def test_a_revoked_key_is_refused_and_a_new_one_known(project: Project) -> None:
    """Rotation: two keys are in force until the old one is taken away."""
    new = project.keys.issue("service_role", "new")
    async with client(project, new) as service:
        assert (await service.get("/rest/v1/agents?limit=1")).status_code == 200
        project.keys.revoke(new)
        assert (await service.get("/rest/v1/agents?limit=1")).status_code == 401


async def test_the_operators_role_reads_everything_and_writes_nothing(project: Project) -> None:
    """A password of its own, every row, no change."""
    async with await AsyncConnection.connect(project.postgres.operator_url) as operator:
        rows = await (await operator.execute("SELECT count(*) FROM agents")).fetchone()
        assert rows == (40,)
        with pytest.raises(Exception, match="read-only transaction"):
            await operator.execute("DELETE FROM agents")


async def test_a_paused_project_answers_540_with_a_page_and_comes_back(project: Project) -> None:
    """Its server is really stopped; what supabase-js makes of the page is the page."""
    worker = await _worker(project)
    await project.pause()
    assert not project.postgres.is_running
    with pytest.raises(SupabaseError, match="540: Project paused"):
        await worker.select("agents", "id", limit=1)
    await project.restore()
    await _until_answered(worker)
    await worker.close()


async def test_a_server_that_is_gone_is_pgrst002_until_it_is_back(project: Project) -> None:
    """503 in the words of the schema cache; afterwards the same pool works again."""
    worker = await _worker(project)
    await project.postgres.stop()
    async with asyncio.timeout(5):
        while project.rest.schema is not None:
            await asyncio.sleep(0.01)
    with pytest.raises(
        SupabaseError, match=r"Could not query the database for the schema cache\. Retrying\. \(PGRST002\)"
    ):
        await worker.select("agents", "id", limit=1)
    await project.postgres.start()
    await _until_answered(worker)
    await worker.close()


async def _until_answered(worker: Supabase) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                assert len(await worker.select("agents", "id", limit=1)) == 1
                return
            except SupabaseError:
                await asyncio.sleep(0.02)


async def _worker(project: Project) -> Supabase:
    """The worker's own client, sent to the gateway without a socket."""
    worker = Supabase("http://project", project.service_role_key)
    headers = dict(worker._client.headers)
    await worker.close()
    worker._client = client(project)
    worker._client.base_url = httpx.URL("http://project/rest/v1")
    worker._client.headers.update(headers)
    return worker


async def _rows(project: Project, query: str) -> list[tuple[object, ...]]:
    async with await AsyncConnection.connect(project.postgres.dsn) as connection:
        return await (await connection.execute(query.encode())).fetchall()
