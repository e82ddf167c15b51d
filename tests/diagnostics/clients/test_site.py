"""The site as a visitor meets it: answers and their meaning, both forms of its health page, connection by layer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.diagnostics.clients.answering import answering, http

from diagnostics.budget import Budget
from diagnostics.clients.http import Http, open_http
from diagnostics.clients.site import read_path
from diagnostics.clients.site_connection import read_connection
from diagnostics.clients.site_health import read_frontend_health
from diagnostics.clients.site_words import edge_code, missing_variable, trouble_of
from diagnostics.errors import BudgetExhausted, ClientError, SchemaError, Unauthorized
from diagnostics.readings import FrontendHealth, Layer, PathAnswers, SiteAnswer, Trouble
from sandbox.certificates import write_certificates

PAGE = b"<!doctype html><h1>500</h1><p>Code: <code>FUNCTION_INVOCATION_FAILED</code></p>"


async def path(reply: bytes | None, *, kind: str = "endpoint", times: int = 2) -> PathAnswers:
    """What the read makes of a path that answers so each time."""
    async with answering(reply) as server, open_http(Budget()) as client:
        return await read_path(client, f"{server.url}/api/agents", kind=kind, times=times, timeout_s=1.6)


@pytest.mark.parametrize(
    ("reply", "answer", "code", "failed"),
    [
        (http(200, b"{}"), SiteAnswer.OK, "", 0),
        (http(307, b"", Location="/login"), SiteAnswer.OK, "", 0),
        (http(401, b"{}"), SiteAnswer.REFUSED, "", 0),
        (http(403, b"{}"), SiteAnswer.REFUSED, "", 0),
        (http(429, b"{}"), SiteAnswer.RATE_LIMITED, "", 0),
        (http(404, b"{}"), SiteAnswer.NOT_FOUND, "", 2),
        (
            http(404, b"", X_Vercel_Error="DEPLOYMENT_NOT_FOUND"),
            SiteAnswer.EDGE_ERROR,
            "DEPLOYMENT_NOT_FOUND",
            2,
        ),
        (http(402, b""), SiteAnswer.EDGE_ERROR, "", 2),
        (http(400, b"{}"), SiteAnswer.CLIENT_ERROR, "", 2),
        (http(500, b'{"error": "x"}'), SiteAnswer.SERVER_ERROR, "", 2),
        (http(500, PAGE, kind="text/html"), SiteAnswer.EDGE_ERROR, "FUNCTION_INVOCATION_FAILED", 2),
        (http(502, b""), SiteAnswer.EDGE_ERROR, "", 2),
        (
            http(504, b"", X_Vercel_Error="FUNCTION_INVOCATION_TIMEOUT"),
            SiteAnswer.EDGE_ERROR,
            "FUNCTION_INVOCATION_TIMEOUT",
            2,
        ),
        (http(500, b"", X_Vercel_Error="not a code <script>"), SiteAnswer.SERVER_ERROR, "", 2),
    ],
)
async def test_each_answer_has_its_meaning(reply: bytes, answer: SiteAnswer, code: str, failed: int) -> None:
    """Status, the edge's header or its page; what asks for a login or fewer requests has not failed."""
    seen = await path(reply)
    assert (seen.answer, seen.edge_code, seen.failed, seen.asked) == (answer, code, failed, 2)
    assert len(seen.latencies_s) == 2


async def test_a_silent_path_is_asked_once() -> None:
    """Waiting again would cost the deadline and tell nothing."""
    seen = await path(None, times=3)
    assert (seen.answer, seen.asked, seen.failed, seen.latencies_s) == (SiteAnswer.SILENT, 1, 1, ())


async def test_a_slow_path_is_not_asked_beyond_its_time() -> None:
    """Three rounds of a slow address would outlast the deadline and lose all that was seen."""
    reply = http(200, b"{}")
    async with answering(reply, drip_s=1.0 / len(reply)) as server, open_http(Budget()) as client:
        seen = await read_path(client, server.url, kind="page", times=3, timeout_s=1.9)
    assert (seen.answer, seen.asked) == (SiteAnswer.OK, 1)


async def test_an_error_names_its_variable_and_nothing_else_of_its_text() -> None:
    """The body is recognised and dropped."""
    body = b'{"error": "Supabase environment validation failed: SUPABASE_SERVICE_ROLE_KEY (canary-value)"}'
    seen = await path(http(500, body))
    assert (seen.trouble, seen.variable) == (Trouble.VARIABLE_MISSING, "SUPABASE_SERVICE_ROLE_KEY")
    assert "canary" not in repr(seen)


async def test_the_edge_is_known_by_its_headers() -> None:
    """Either header will do; without them another proxy answers."""
    assert (await path(http(200, b"", X_Vercel_Id="iad1::x"))).is_edge_seen
    assert not (await path(http(200, b""))).is_edge_seen


async def test_an_address_nobody_listens_at_is_an_error() -> None:
    """Not one answer: nothing was seen of this path."""
    async with answering(b"") as server:
        url = server.url
    async with open_http(Budget()) as client:
        with pytest.raises(ClientError):
            await read_path(client, url, kind="page", times=2, timeout_s=1.6)


@pytest.mark.parametrize(
    ("message", "trouble"),
    [
        ("supabaseUrl is required.", Trouble.URL_MISSING),
        ("supabaseKey is required.", Trouble.KEY_MISSING),
        ("Invalid supabaseUrl: Must be a valid HTTP or HTTPS URL.", Trouble.URL_INVALID),
        ("TypeError: fetch failed", Trouble.UNREACHABLE),
        ("Could not query the database for the schema cache. Retrying.", Trouble.RESTARTING),
        ("<html>540</html>", Trouble.WEB_PAGE),
        ("Invalid API key", Trouble.KEY_REJECTED),
        ("JWT expired", Trouble.KEY_REJECTED),
        ("permission denied for table organizations", Trouble.PERMISSION),
        ("Could not find the table 'public.organizations' in the schema cache", Trouble.SCHEMA),
        ('relation "public.organizations" does not exist', Trouble.SCHEMA),
        ('relation "members" does not exist', Trouble.POLICY),
        ("infinite recursion detected in policy", Trouble.POLICY),
        ('new row violates row-level security policy for table "users"', Trouble.POLICY),
        ("Timed out acquiring connection from connection pool.", Trouble.POOL),
        ("canceling statement due to statement timeout", Trouble.STATEMENT_TIMEOUT),
        ("remaining connection slots are reserved", Trouble.SLOTS),
        ("Connection is closed.", Trouble.CONNECTION_CLOSED),
        ("Redis URL not configured - queue operations unavailable", Trouble.NOT_CONFIGURED),
        ("Redis client not initialized", Trouble.NOT_CONFIGURED),
        ("Cache health check failed", Trouble.CACHE),
        ("WRONGPASS invalid username-password pair", Trouble.CREDENTIALS_REJECTED),
        ("ERR max daily request limit exceeded", Trouble.QUOTA_EXHAUSTED),
        ("the moon is full", Trouble.OTHER),
        ("  ", None),
    ],
)
def test_error_texts_of_the_platform(message: str, trouble: Trouble | None) -> None:
    """Source: the platform's contract 3.1."""
    assert trouble_of(message) is trouble


def test_words_that_are_no_names_are_not_passed_on() -> None:
    """Only capitals as the platform writes names, only codes as Vercel writes them."""
    assert missing_variable("Environment validation failed: my-secret-value") == ""
    assert edge_code("<code>SOMETHING_ELSE</code>") == ""


NEWER = {
    "status": "ok",
    "uptime": 3.5,
    "version": "1.0.0",
    "database": "ok",
    "redis": "skipped",
    "rateLimit": "ok",
    "queue": "error",
    "queue_error": "Redis URL not configured - queue operations unavailable",
    "queue_stats": "{}",
    "openrouter": "ok",
    "openrouter_status": 200,
    "overall_status": "degraded",
}
OLDER = {"status": "ok", "database": "error", "database_error": "Invalid API key canary", "redis": "ok"}


async def health(body: object, status: int = 200) -> FrontendHealth:
    """What is read where every address answers `body`."""
    reply = http(status, json.dumps(body).encode())
    async with answering(reply) as server, open_http(Budget()) as client:
        return (await read_frontend_health(client, server.url, timeout_s=1.6))[0]


async def test_both_forms_of_the_health_page() -> None:
    """What the older form does not mention is unknown, and its error text is dropped."""
    newer, older = await health(NEWER), await health(OLDER)
    assert newer.is_newer_form and newer.queue is not None and newer.queue.trouble is Trouble.NOT_CONFIGURED
    assert (older.is_newer_form, older.queue, older.rate_limit, older.openrouter) == (False, None, None, None)
    assert older.database is not None and older.database.trouble is Trouble.KEY_REJECTED
    assert "canary" not in repr(older)


async def test_a_word_nobody_has_heard_is_not_ok() -> None:
    """A new status word is kept as unknown."""
    seen = await health({**NEWER, "database": "wobbly"})
    assert seen.database is not None and seen.database.status == "other"


@pytest.mark.parametrize(
    ("status", "answer"), [(500, SiteAnswer.SERVER_ERROR), (404, SiteAnswer.NOT_FOUND), (504, SiteAnswer.EDGE_ERROR)]
)
async def test_a_health_page_that_fails_is_an_observation(status: int, answer: SiteAnswer) -> None:
    """Its dependencies are then unknown."""
    seen = await health({"status": "error"}, status)
    assert (seen.answer, seen.database, seen.redis) == (answer, None, None)


async def test_silence_is_an_observation() -> None:
    """A warm instance that lost its Redis gives no answer."""
    async with answering(None) as server, open_http(Budget()) as client:
        seen, _ = await read_frontend_health(client, server.url, timeout_s=1.6)
    assert (seen.answer, seen.service_answer) == (SiteAnswer.SILENT, SiteAnswer.SILENT)


async def test_a_protected_deployment_is_no_reading() -> None:
    """401 at a page that asks nobody: we may not look. A page that is no JSON is drift."""
    with pytest.raises(Unauthorized):
        await health({}, 401)
    with pytest.raises(SchemaError):
        await health("<html>")


async def test_a_drift_beside_a_good_health_page_keeps_its_field() -> None:
    """Two pages, two answers: the one without `status` leaves only itself unknown, and says which field it lacks."""

    def reply(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"state": "canary"} if request.url.path.endswith("/db") else NEWER)

    client = Http(httpx.AsyncClient(transport=httpx.MockTransport(reply)), Budget())
    seen, excerpt = await read_frontend_health(client, "http://site", timeout_s=1)
    assert (seen.answer, seen.service_answer, seen.service_database) == (SiteAnswer.OK, SiteAnswer.OK, None)
    assert (seen.service_drift, (await health(NEWER)).service_drift) == ("status", "")
    assert "/api/health/db: field status" in excerpt and "canary" not in excerpt


@pytest.mark.parametrize(("requests", "is_read"), [(1, False), (2, True)])
async def test_what_is_no_answer_of_the_site_is_not_swallowed(requests: int, is_read: bool) -> None:
    """A budget that is spent by the first page is told, not read as an unknown second one."""
    outcome = contextlib.nullcontext() if is_read else pytest.raises(BudgetExhausted)
    reply = http(200, json.dumps(NEWER).encode())
    async with answering(reply) as server, open_http(Budget(http_request_limit=requests)) as client:
        with outcome:
            await read_frontend_health(client, server.url, timeout_s=1.6)


@contextlib.asynccontextmanager
async def listening(context: ssl.SSLContext | None) -> AsyncIterator[int]:
    """A port that accepts connections, over TLS or not, and says nothing."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_every_layer_in_order(tmp_path: Path) -> None:
    """Name, port, certificate: each with its time, and the day the certificate ends."""
    context = write_certificates(tmp_path)
    trust = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    async with listening(context) as port:
        seen = await read_connection(f"https://localhost:{port}", timeout_s=5, trust=trust)
    assert (seen.failed_at, seen.reason) == (None, "")
    assert None not in (seen.dns_s, seen.tcp_s, seen.tls_s, seen.certificate_ends_at)


async def test_plain_http_has_no_third_layer() -> None:
    """Without https there is no certificate to judge."""
    async with listening(None) as port:
        seen = await read_connection(f"http://127.0.0.1:{port}", timeout_s=5)
    assert (seen.failed_at, seen.is_encrypted, seen.tls_s) == (None, False, None)


@pytest.mark.parametrize(
    ("host", "is_trusted", "layer", "reason"),
    [
        ("localhost", False, Layer.TLS, "untrusted"),
        ("127.0.0.2", True, Layer.TLS, "wrong_name"),
        ("nowhere.invalid", True, Layer.DNS, "unresolved"),
        ("a..b", True, Layer.DNS, "unresolved"),
    ],
)
async def test_the_failing_layer_and_its_reason(
    tmp_path: Path, host: str, is_trusted: bool, layer: Layer, reason: str
) -> None:
    """Who signed it, whose name it has, whether the name resolves."""
    context = write_certificates(tmp_path)
    trust = ssl.create_default_context(cafile=str(tmp_path / "ca.pem")) if is_trusted else None
    server = await asyncio.start_server(lambda _, writer: writer.close(), "0.0.0.0", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    seen = await read_connection(f"https://{host}:{port}", timeout_s=5, trust=trust)
    server.close()
    assert (seen.failed_at, seen.reason) == (layer, reason)


async def test_a_closed_port_and_one_that_speaks_no_tls() -> None:
    """Refused is told from a broken handshake and from silence."""
    async with listening(None) as port:
        plain = await read_connection(f"https://127.0.0.1:{port}", timeout_s=5)
    closed = await read_connection(f"https://127.0.0.1:{port}", timeout_s=5)
    async with answering(None) as mute:
        silent = await read_connection(mute.url.replace("http:", "https:"), timeout_s=0.3)
    assert (plain.failed_at, plain.reason) == (Layer.TLS, "broken")
    assert (closed.failed_at, closed.reason) == (Layer.TCP, "refused")
    assert (silent.failed_at, silent.reason) == (Layer.TLS, "timed_out")


async def test_a_resolver_that_blocks_does_not_hold_up_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread is left behind."""
    held = asyncio.Event()

    async def late(*_: object, **__: object) -> object:
        await held.wait()
        return []

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", late)
    seen = await read_connection("https://site.example", timeout_s=0.1)
    assert (seen.failed_at, seen.reason) == (Layer.DNS, "timed_out")
