"""PostgreSQL and the REST interface as they are: a real server, real keys, and every way in which they say no."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator

import httpx
import psycopg
import pytest
import pytest_asyncio
from tests.sandbox.data.support import client, serving

from diagnostics.budget import SQL_STATEMENTS, Budget
from diagnostics.clients import postgres_statements as said
from diagnostics.clients.http import Http
from diagnostics.clients.postgres import APPLICATION, PostgresReader, mapped
from diagnostics.clients.shapes import application, shape
from diagnostics.clients.supabase_rest import Gate, read_description, read_row
from diagnostics.errors import (
    BadStatus,
    BudgetExhausted,
    ClientError,
    ClientTimeout,
    ConnectFailed,
    NameUnresolved,
    NotAccepting,
    OperationRefused,
    RateLimited,
    SchemaError,
    SettingsError,
    Unauthorized,
)
from diagnostics.probes.database import _activity, _rest, _schema, _statements
from diagnostics.readings import RestAnswer, Symptom
from sandbox.data import Project

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def project() -> AsyncIterator[Project]:
    async with serving() as found:
        yield found


def url(project: Project, user: str = "postgres") -> str:
    return f"postgresql://{user}@/postgres?host={project.postgres.folder}"


def reader(project: Project, budget: Budget | None = None, user: str = "postgres") -> PostgresReader:
    return PostgresReader(url(project, user), budget=budget or Budget(), timeout_s=5)


def gate(project: Project, role: str, key: str) -> Gate:
    return Gate(Http(client(project), Budget()), "http://project", role, key, 5)


async def session(project: Project, name: str) -> psycopg.AsyncConnection:
    return await psycopg.AsyncConnection.connect(project.postgres.dsn, application_name=name)


async def test_every_permitted_statement_runs_and_is_counted(project: Project) -> None:
    """What the allow-list holds the server understands; BEGIN, limits and COMMIT count too."""
    budget = Budget()
    own = reader(project, budget)
    found = await _activity(own), await _statements(own, 0.05), await _schema(own)
    await own.close()
    assert found[0].most_connections == 60 and found[0].reserved_connections == 3
    assert found[0].connect_s is not None and found[0].is_read_only is False
    assert found[1].statements and all(s.shape for s in found[1].statements)
    assert {"agents", "organizations", "webhook_events"} <= {t.name for t in found[2].tables}
    assert next(t for t in found[2].tables if t.name == "agents").columns == ("created_at", "id", "name", "org_id")
    assert budget.sql_statements == budget.spent().sql_statements == 6 + 1 + 1 + 1 + 4 + 5 * 4


async def test_operator_with_reading_rights_alone_sees_the_same(project: Project) -> None:
    """pg_monitor is enough; that this role may only read is not said of the platform."""
    own = PostgresReader(project.postgres.operator_url, budget=Budget(), timeout_s=5)
    found = await _activity(own)
    assert found.is_read_only is False and found.sessions
    assert (await _schema(own)).tables
    await own.close()


async def test_nothing_can_be_written(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused before it is sent; and the server refuses it if it were."""
    own = reader(project)
    with pytest.raises(OperationRefused):
        await own.read("SELECT 1")
    for write in ("INSERT INTO organizations (name) VALUES ('x')", "CREATE TABLE canary (id int)"):
        monkeypatch.setattr("diagnostics.clients.postgres.PERMITTED", frozenset({write}))
        with pytest.raises(SchemaError, match="25006"):
            await own.read(write)
    monkeypatch.setattr("diagnostics.clients.postgres.PERMITTED", said.PERMITTED)
    assert await own.read(said.SIZE)
    await own.close()


async def test_statements_of_ours_are_bounded(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time and locks: a diagnosis never waits in the database for long, and the connection says who it is."""
    asked = "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'), "
    asked += "current_setting('application_name'), current_setting('transaction_read_only')"
    slow = "SELECT pg_sleep(9)"
    monkeypatch.setattr("diagnostics.clients.postgres.PERMITTED", frozenset({asked, slow}))
    own = reader(project)
    assert await own.read(asked) == [[("2s", "500ms", APPLICATION, "on")]]
    with pytest.raises(ClientTimeout, match="57014"):
        await own.read(slow)
    await own.close()


async def test_a_server_that_hangs_holds_nobody(project: Project) -> None:
    """Stopped in the middle of everything: the look ends in time, cancelled or not, and the rest of the run goes on."""
    own = PostgresReader(url(project), budget=Budget(), timeout_s=0.4)
    await own.read(said.SIZE)
    other = reader(project)
    await other.read(said.SIZE)
    pids = [each._connection.info.backend_pid for each in (own, other)]  # type: ignore[union-attr]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        with pytest.raises(ClientTimeout):
            await own.read(said.SIZE)
        look = asyncio.create_task(other.read(said.SIZE))
        await asyncio.sleep(0.1)
        look.cancel()
        with pytest.raises(asyncio.CancelledError):
            await look
        await other.close()
        assert time.monotonic() - started < 3
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def test_budget_ends_before_the_server_is_asked(project: Project) -> None:
    """What cannot be paid for is not sent."""
    budget = Budget(sql_statement_limit=SQL_STATEMENTS)
    budget.sql_statements = SQL_STATEMENTS - 4
    own = reader(project, budget)
    with pytest.raises(BudgetExhausted):
        await own.read(said.SIZE)
    assert budget.sql_statements == SQL_STATEMENTS - 4
    await own.close()


async def test_who_waits_for_whom_is_told_without_literals(project: Project) -> None:
    """The root, its state and the table; what the statement carries stays in the server."""
    holder, waiter = await session(project, "migration"), await session(project, "postgrest")
    await holder.execute("LOCK TABLE webhook_events IN ACCESS EXCLUSIVE MODE")
    insert = "INSERT INTO webhook_events (org_id, entity_id) SELECT id, 'canary-4711' FROM organizations LIMIT 1"
    waiting = asyncio.create_task(waiter.execute(insert))
    own = reader(project)
    found = await _activity(own)
    # A session is seen to wait a moment before its statement is seen.
    while not any(each.shape.startswith("INSERT") for each in found.blocked):
        found = await _activity(PostgresReader(url(project), budget=Budget(), timeout_s=5))
    (one,) = found.blocked
    assert (one.application, one.blocker_application, one.relation) == ("postgrest", "migration", "webhook_events")
    assert one.blocker_state == "idle in transaction" and not one.is_blocker_waiting
    assert one.shape.startswith("INSERT INTO webhook_events") and "canary" not in repr(found)
    assert found.oldest_transaction_of == "migration"
    await holder.close()
    await waiting
    await waiter.close()
    await own.close()


async def test_full_slots_are_an_answer(project: Project) -> None:
    """53300: the server's own word, as a reading; the other looks say why they are blind."""
    taken = []
    try:
        while True:
            taken.append(await session(project, "script"))
    except psycopg.OperationalError:
        pass
    own = reader(project)
    assert (await _activity(own)).refused_code == "53300"
    with pytest.raises(NotAccepting) as raised:
        await _schema(own)
    assert raised.value.code == "53300"
    for each in taken:
        await each.close()


async def test_one_role_may_lack_what_another_has(project: Project) -> None:
    """A database or role that is not there refuses us, rather than the platform."""
    for address in (url(project, "nobody"), url(project).replace("/postgres?", "/elsewhere?")):
        with pytest.raises(Unauthorized):
            await PostgresReader(address, budget=Budget(), timeout_s=5).read(said.SIZE)


async def test_statistics_are_those_between_the_looks(project: Project) -> None:
    """Calls of the hour before say nothing about now."""
    busy = await session(project, "postgrest")
    await busy.set_autocommit(True)
    for _ in range(3):
        await busy.execute("SELECT 1 AS canary_column, pg_sleep(0.02)")
    own = reader(project)
    looking = asyncio.create_task(_statements(own, 0.4))
    while own.connect_s is None:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    await busy.execute("SELECT 1 AS canary_column, pg_sleep(0.02)")
    told = (await looking).statements
    (one,) = [s for s in told or () if "canary_column" in s.shape]
    assert (one.calls, one.calls_now) == (4, 1)
    assert one.mean_now_ms is not None and one.mean_now_ms >= 20
    await busy.close()
    await own.close()


async def test_both_keys_read_and_only_one_describes(project: Project) -> None:
    """The row is dropped; the description is the schema cache."""
    anon, service = gate(project, "anon", project.anon_key), gate(project, "service", project.service_role_key)
    for each in (anon, service):
        told = await read_row(each, "organizations")
        assert (told.role, told.table, told.status_code, told.symptom) == (each.role, "organizations", 200, None)
        assert "Customer" not in repr(told)
    told, cached = await read_description(service)
    assert told.symptom is None and cached is not None
    assert next(t for t in cached if t.name == "agents").columns == ("created_at", "id", "name", "org_id")
    told, cached = await read_description(anon)
    assert (told.symptom, cached) == (Symptom.DATABASE_DENIED, None)


async def test_each_refusal_has_its_symptom(project: Project) -> None:
    """Wrong key, missing table, revoked grant, paused project: by the interface's own words."""
    wrong = gate(project, "service", "sb_secret_of_another_project")
    assert (await read_row(wrong, "agents")).symptom is Symptom.DATABASE_KEY
    service = gate(project, "service", project.service_role_key)
    told = await read_row(service, "nothing_here")
    assert (told.symptom, told.code, told.status_code) == (Symptom.DATABASE_SCHEMA, "PGRST205", 404)
    await project.postgres.execute("REVOKE SELECT ON documents FROM service_role")
    told = await read_row(service, "documents")
    assert (told.symptom, told.code) == (Symptom.DATABASE_DENIED, "42501")
    await project.postgres.execute("GRANT SELECT ON documents TO service_role")
    await project.pause()
    told = await read_row(service, "agents")
    assert (told.symptom, told.status_code) == (Symptom.DATABASE_PAUSED, 540)
    await project.restore()


def answering(status: int, body: bytes, kind: str = "application/json") -> Gate:
    def reply(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=body, headers={"content-type": kind})

    return Gate(
        Http(httpx.AsyncClient(transport=httpx.MockTransport(reply)), Budget()), "http://project", "anon", "k", 1
    )


@pytest.mark.parametrize(
    ("status", "body", "symptom"),
    [
        (503, b'{"code":"PGRST002","message":"Could not query the database for the schema cache. Retrying."}', "down"),
        (504, b'{"code":"PGRST003","message":"Timed out acquiring connection from connection pool."}', "pool"),
        (503, b'{"code":"53300","message":"sorry, too many clients already"}', "slots"),
        (500, b'{"code":"57014","message":"canceling statement due to statement timeout"}', "timeout"),
        (500, b'{"code":"42P17","message":"infinite recursion detected in policy"}', "denied"),
        (405, b'{"code":"25006","message":"cannot execute INSERT in a read-only transaction"}', "read_only"),
        (401, b'{"message":"No API key found in request"}', "key"),
        (401, b"", "key"),
        (402, b'{"message":"Service restricted"}', "quota"),
        (522, b"<html>", "down"),
        (540, b"<html>canary</html>", "paused"),
        (502, b"<html>", "down"),
        (503, b"[1]", "down"),
        (500, b'{"code": 7, "message": "?"}', ""),
    ],
)
async def test_the_gateways_words_and_statuses(status: int, body: bytes, symptom: str) -> None:
    """Text first, then the status; a body that is none still leaves the status."""
    told = await read_row(answering(status, body), "agents")
    assert told.symptom is Symptom("_".join(filter(None, ["database", symptom])))
    assert "canary" not in repr(told)


@pytest.mark.parametrize(
    ("status", "body", "kind", "error"),
    [
        (403, b"error code: 1010", "text/html", Unauthorized),
        (401, b"<html>", "text/html", Unauthorized),
        (404, b"<html>", "text/html", BadStatus),
        (500, b"[1]", "application/json", BadStatus),
        (429, b'{"message":"slow down"}', "application/json", RateLimited),
    ],
)
async def test_somebody_else_in_its_place_says_nothing_about_the_database(
    status: int, body: bytes, kind: str, error: type[ClientError]
) -> None:
    """An edge that bars us, another service, a limit: we could not look."""
    with pytest.raises(error):
        await read_row(answering(status, body, kind), "agents")


async def test_a_gateway_that_says_nothing_is_seen_to_be_silent() -> None:
    """Accepted, and no answer: an observation about the interface."""

    async def hang(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(9)
        return httpx.Response(200)

    http = Http(httpx.AsyncClient(transport=httpx.MockTransport(hang)), Budget())
    told = await read_row(Gate(http, "http://project", "anon", "k", 0.05), "agents")
    assert (told.symptom, told.status_code) == (Symptom.TIMED_OUT, None)
    assert isinstance(told, RestAnswer)


async def test_a_description_of_another_form_is_schema_drift() -> None:
    """Something else answers there."""
    with pytest.raises(SchemaError, match="definitions"):
        await read_description(answering(200, b"{}"))


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ('connection to server at "h", port 5432 failed: FATAL:  sorry, too many clients already', NotAccepting),
        ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", NotAccepting),
        ("FATAL:  MaxClientsInSessionMode: max clients reached", NotAccepting),
        ("FATAL:  the database system is starting up", NotAccepting),
        ("FATAL:  Tenant or user not found", NotAccepting),
        ('FATAL:  password authentication failed for user "postgres"', Unauthorized),
        ('FATAL:  database "x" does not exist', Unauthorized),
        ('FATAL:  role "x" does not exist', Unauthorized),
        ("connection failed: Connection refused", ConnectFailed),
        ('could not translate host name "h" to address: Name or service not known', NameUnresolved),
        ("SSL error: certificate verify failed", ConnectFailed),
        ("connection timeout expired", ClientTimeout),
        ("server closed the connection unexpectedly", ConnectFailed),
    ],
)
async def test_every_refused_connection_has_its_error(told: str, kind: type[ClientError]) -> None:
    """libpq keeps no code of a connection that failed, so its words decide; no secret is repeated."""
    error = mapped(psycopg.OperationalError(told), "postgresql://h:5432")
    assert type(error) is kind
    assert str(error).startswith("postgresql://h:5432: ")


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("FATAL:  sorry, too many clients already", "53300"),
        ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", "53300"),
        ('FATAL:  too many connections for database "postgres"', "53300"),
        ('FATAL:  too many connections for role "reader"', "role_limit"),
        ("FATAL:  MaxClientsInSessionMode: max clients reached", "pooler_full"),
        ("FATAL:  Tenant or user not found", "tenant_unknown"),
        ("FATAL:  the database system is starting up", "57P03"),
    ],
)
async def test_what_bars_us_alone_is_not_the_servers_code(told: str, code: str) -> None:
    """A limit of our role, of the pooler, or a project it does not know says nothing about the server's slots."""
    error = mapped(psycopg.OperationalError(told), "w")
    assert isinstance(error, NotAccepting) and error.code == code


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("53300", NotAccepting),
        ("57P03", NotAccepting),
        ("57P01", NotAccepting),
        ("28P01", Unauthorized),
        ("3D000", Unauthorized),
        ("42501", Unauthorized),
        ("57014", ClientTimeout),
        ("55P03", ClientTimeout),
        ("08006", ConnectFailed),
        ("25006", SchemaError),
        ("42P01", SchemaError),
    ],
)
async def test_every_sqlstate_has_its_error(code: str, kind: type[ClientError]) -> None:
    """By its class in psycopg's own table."""
    assert type(mapped(psycopg.errors.lookup(code)(), "w")) is kind


@pytest.mark.parametrize("description", [{"definitions": {"agents": {"properties": {"id": {}}}}}, {"paths": {}}])
async def test_a_description_of_another_form_costs_no_row_that_was_read(description: dict[str, object]) -> None:
    """The rows stand and the cache is unknown; without any row the drift is the failure of the look."""

    def reply(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=description if request.url.path == "/rest/v1/" else [])

    http = Http(httpx.AsyncClient(transport=httpx.MockTransport(reply)), Budget())
    service = Gate(http, "http://project", "service", "k", 1)
    told, excerpt = await _rest([service], ("agents",), ())
    assert [a.status_code for a in told.answers if a.table == "agents"] == [200]
    is_known = "definitions" in description
    assert (told.cached is not None, excerpt == "", "definitions" in excerpt) == (is_known, is_known, not is_known)
    with contextlib.nullcontext() if is_known else pytest.raises(SchemaError):
        await _rest([service], (), ())


@pytest.mark.parametrize("bad", ["", "mysql://x", "redis://h", "host=h"])
async def test_an_address_of_another_form_is_told(bad: str) -> None:
    """It costs the looks at the database and names the form, never the value."""
    with pytest.raises(SettingsError, match="must look like"):
        PostgresReader(bad, budget=Budget(), timeout_s=1)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT * FROM agents WHERE name = 'Иван' AND id = 42", "SELECT * FROM agents WHERE name = ? AND id = ?"),
        ("INSERT INTO t VALUES ($1, 'it''s', E'a\\'b')", "INSERT INTO t VALUES ( $1 , ?, ?)"),
        ("SELECT $$canary$$, $tag$ canary $tag$", "SELECT ?, ?"),
        ("SELECT 1 -- canary\n FROM t /* canary */", "SELECT ? FROM t"),
        ("UPDATE t SET a = 'cut off in the midd", "UPDATE t SET a = ?"),
        ("ALTER ROLE x PASSWORD 'canary'", "ALTER ROLE x PASSWORD ?"),
        (r"SELECT a = 'C:\x\' AND token = 'sk-or-v1-abcdefSECRETkey' AND b='z'", "SELECT a = ? AND token = ? AND b =?"),
        (r"SELECT U&'d\0061\', b'101', nameE'x\', 'canary'", "SELECT ?, ?, nameE ?, ?"),
        ("SELECT 'a -- b'\n, 'canary /*', 'canary'", "SELECT ? , ?, ?"),
        ("SELECT -1.5e9, 0x1F, t1.c2", "SELECT ?, ?, t1.c2"),
        ("", ""),
    ],
)
async def test_a_shape_holds_no_literal(statement: str, expected: str) -> None:
    """What it does to which tables remains; what it was given does not."""
    assert shape(statement) == expected
    assert len(shape(statement * 50)) <= 160


async def test_application_names_of_another_form_are_masked() -> None:
    """They are free text."""
    assert [application(n) for n in ("PostgREST 13.0.5", "", "token=canary", "x" * 41)] == [
        "PostgREST 13.0.5",
        "?",
        "…",
        "…",
    ]
