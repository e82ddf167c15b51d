"""Middleware, routes, logins, and what becomes of an error."""

import json
from collections.abc import Mapping

import httpx
import pytest
from tests.sandbox.frontend.instance import fine, get, instance

from sandbox.frontend import upstash
from sandbox.frontend.errors import classify
from sandbox.frontend.openrouter import ExternalServiceError
from sandbox.frontend.replies import MIDDLEWARE_FAILED
from sandbox.frontend.upstash import LIMIT
from sandbox.http import Answer, Request


def redis_says(answer: Mapping[str, object] | Exception):  # type: ignore[no-untyped-def]
    """All backends fine, but Upstash answers this."""

    def reply(request: httpx.Request) -> httpx.Response:
        if request.url.host != "redis.test":
            return fine(request)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(200, json=answer)

    return reply


@pytest.mark.parametrize(
    ("text", "status", "kind", "is_reported"),
    [
        ("Invalid API key", 400, "VALIDATION", False),
        ("JWT expired: unauthorized", 401, "AUTHENTICATION", False),
        ("permission denied for table agents", 403, "AUTHORIZATION", False),
        ("Could not query the database for the schema cache. Retrying.", 500, "DATABASE", False),
        ("Could not find the table 'public.agents' in the schema cache", 500, "INTERNAL", True),
        ("Supabase environment validation failed: SUPABASE_URL", 500, "INTERNAL", True),
        ("", 500, "INTERNAL", True),
    ],
)
def test_words_decide_what_an_error_becomes(text: str, status: int, kind: str, is_reported: bool) -> None:
    """A refused key is the caller's mistake, and the database's trouble never reaches Sentry."""
    found = classify(RuntimeError(text))
    assert (found.status, found.kind, found.is_reported) == (status, kind, is_reported)


def test_a_provider_is_to_blame_whatever_it_says() -> None:
    """Its class decides before any word does."""
    assert classify(ExternalServiceError("invalid")).status == 502


@pytest.mark.parametrize(("count", "status", "remaining"), [(1, 200, 99), (LIMIT, 200, 0), (LIMIT + 1, 429, 0)])
async def test_the_limit_is_a_hundred_calls_a_window(count: int, status: int, remaining: int) -> None:
    """The hundredth passes, the next one is refused; the headers say how many are left."""
    answer = await get(instance(redis_says({"result": count})), "/api/agents", x_forwarded_for="203.0.113.1")
    assert answer.status == status
    assert answer.headers["X-RateLimit-Remaining"] == str(remaining)
    assert answer.headers["X-RateLimit-Limit"] == "100"


@pytest.mark.parametrize("path", ["/api/agents", "/api/auth/session", "/api/nothing"])
async def test_an_error_reply_of_upstash_breaks_the_whole_api(path: str) -> None:
    """Nobody catches it: the runtime is told that the middleware threw."""
    answer = await get(instance(redis_says({"error": "ERR max requests limit exceeded"})), path)
    assert (answer.status, MIDDLEWARE_FAILED in answer.headers) == (500, True)


@pytest.mark.parametrize(("path", "status"), [("/api/health", 200), ("/api/metrics", 401), ("/", 200)])
async def test_some_paths_are_not_limited(path: str, status: int) -> None:
    """Health, metrics and pages do not ask Upstash before they answer."""
    answer = await get(instance(redis_says({"error": "ERR max requests limit exceeded"})), path)
    assert answer.status == status


async def test_a_silent_upstash_lets_requests_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """After five seconds in production."""
    monkeypatch.setattr(upstash, "ALLOWED_AFTER_S", 0.05)
    answer = await get(instance(redis_says(httpx.ConnectError("refused"))), "/api/agents")
    assert answer.status == 200


async def test_a_missing_server_variable_breaks_pages_and_api_but_not_health() -> None:
    """The API says which one it is."""
    app = instance(without=("SUPABASE_SERVICE_ROLE_KEY",))
    answer = await get(app, "/api/agents")
    said = "Supabase environment validation failed: SUPABASE_SERVICE_ROLE_KEY"
    assert (answer.status, json.loads(answer.body)) == (500, {"success": False, "error": said})
    page = await get(app, "/")
    assert page.status == 500 and said.encode() not in page.body
    assert (await get(app, "/api/health/ready")).status == 200
    assert json.loads((await get(app, "/api/health")).body)["database"] == "ok"


async def log_in(app, host: str = "site.test") -> Answer:  # type: ignore[no-untyped-def]
    """Send the login form."""
    body = b"email=ivan%40example.com"
    headers = {"x-forwarded-host": host}
    return await app(Request(method="POST", target="/api/auth/callback/credentials", headers=headers, body=body))


async def test_a_login_opens_the_dashboard() -> None:
    """With a cookie signed by the secret; without one the dashboard sends to the login page."""
    app = instance()
    assert (await get(app, "/dashboard")).headers["Location"] == "/login?callbackUrl=/dashboard"
    cookie = (await log_in(app)).headers["Set-Cookie"].partition(";")[0]
    assert (await get(app, "/dashboard", cookie=cookie)).status == 200
    session = await get(app, "/api/auth/session", cookie=cookie)
    assert json.loads(session.body) == {"user": {"name": "ivan@example.com"}}
    assert (await get(app, "/api/conversations")).status == 401
    assert (await get(app, "/api/conversations", cookie=cookie)).status == 200


async def test_another_secret_logs_everybody_out(capsys: pytest.CaptureFixture[str]) -> None:
    """The site is healthy; the log names the reason."""
    cookie = (await log_in(instance())).headers["Set-Cookie"].partition(";")[0]
    changed = instance(NEXTAUTH_SECRET="another secret of more than sixteen characters")
    assert (await get(changed, "/dashboard", cookie=cookie)).status == 307
    assert (await get(changed, "/api/conversations", cookie=cookie)).status == 401
    assert "JWTSessionError" in capsys.readouterr().out


async def test_a_login_at_another_address_ends_at_the_login_page() -> None:
    """NEXTAUTH_URL names another host: the loop of a wrong address."""
    assert (await log_in(instance(), "preview.test")).headers["Location"] == "/login?error=MissingCSRF"


async def test_without_a_secret_authentication_is_a_server_error() -> None:
    """Auth.js's own words."""
    app = instance(without=("NEXTAUTH_SECRET",))
    assert (await log_in(app)).status == 500


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("DELETE", "/api/agents", 405), ("HEAD", "/", 200)]
)
async def test_what_has_no_route(method: str, path: str, status: int) -> None:
    """Unknown paths are 404, known ones with another method 405; HEAD is GET."""
    assert (await get(instance(), path, method)).status == status
