"""The health pages: fields, order and words of the platform's contract."""

import json

import httpx
import pytest
from tests.sandbox.frontend.instance import fine, get, instance

BASELINE = [
    *("status", "timestamp", "uptime", "version", "environment", "database", "redis", "rateLimit", "queue"),
    *("queue_error", "openrouter", "openrouter_status", "overall_status"),
]


def failing(host: str, response: httpx.Response | Exception):  # type: ignore[no-untyped-def]
    """All backends fine but one."""

    def reply(request: httpx.Request) -> httpx.Response:
        if request.url.host != host:
            return fine(request)
        if isinstance(response, Exception):
            raise response
        return response

    return reply


async def test_the_healthy_baseline_is_degraded_and_200() -> None:
    """Without REDIS_URL: redis skipped, queue error, and yet nothing is wrong."""
    answer = await get(instance(), "/api/health")
    payload = json.loads(answer.body)
    assert answer.status == 200
    assert list(payload) == BASELINE
    assert (payload["status"], payload["redis"], payload["queue"]) == ("ok", "skipped", "error")
    assert payload["queue_error"] == "Redis URL not configured - queue operations unavailable"
    assert (payload["database"], payload["rateLimit"], payload["overall_status"]) == ("ok", "ok", "degraded")


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (httpx.ConnectError("refused"), "TypeError: fetch failed"),
        (httpx.Response(401, json={"message": "Invalid API key"}), "Invalid API key"),
        (httpx.Response(540, text="<html>Project paused</html>"), "<html>Project paused</html>"),
        (
            httpx.Response(
                404, json={"code": "PGRST205", "message": "Could not find the table 'public.organizations'"}
            ),
            "Could not find the table 'public.organizations'",
        ),
    ],
)
async def test_every_failure_of_the_database_is_200(response: httpx.Response | Exception, said: str) -> None:
    """The text is PostgREST's, the raw page, or Node's word for no connection."""
    answer = await get(instance(failing("data.test", response)), "/api/health")
    payload = json.loads(answer.body)
    assert (answer.status, payload["database"], payload["database_error"]) == (200, "error", said)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("NEXT_PUBLIC_SUPABASE_URL", "", "supabaseUrl is required."),
        ("NEXT_PUBLIC_SUPABASE_ANON_KEY", "", "supabaseKey is required."),
        ("NEXT_PUBLIC_SUPABASE_URL", "data.test", "Invalid supabaseUrl: Must be a valid HTTP or HTTPS URL."),
    ],
)
async def test_a_bundle_without_public_variables_has_no_database(name: str, value: str, said: str) -> None:
    """The service-role key does not help: the health page connects as a browser does."""
    payload = json.loads((await get(instance(**{name: value}), "/api/health")).body)
    assert payload["database_error"] == said


async def test_upstash_is_asked_over_rest_and_quoted() -> None:
    """An error reply comes with the command, as Upstash's package words it."""
    refusal = httpx.Response(401, json={"error": "WRONGPASS invalid or missing auth token"})
    payload = json.loads((await get(instance(failing("redis.test", refusal)), "/api/health")).body)
    assert payload["rateLimit_error"] == 'WRONGPASS invalid or missing auth token, command was: ["PING"]'
    payload = json.loads((await get(instance(without=("UPSTASH_REDIS_REST_URL",)), "/api/health")).body)
    assert payload["rateLimit_error"] == "Redis client not initialized"


async def test_an_openrouter_status_is_told() -> None:
    """The status code stands beside the word."""
    payload = json.loads((await get(instance(failing("openrouter.test", httpx.Response(503))), "/api/health")).body)
    assert (payload["openrouter"], payload["openrouter_status"]) == ("error", 503)


async def test_head_is_always_200() -> None:
    """It asks nobody: all backends are away, nothing is said of it."""
    answer = await get(instance(failing("data.test", httpx.ConnectError("gone"))), "/api/health", "HEAD")
    assert (answer.status, answer.body) == (200, b"")


async def test_ready_asks_nobody() -> None:
    """Liveness only, with the memory of the process."""

    def reply(_request: httpx.Request) -> httpx.Response:
        raise AssertionError("it asked somebody")

    payload = json.loads((await get(instance(reply), "/api/health/ready")).body)
    assert payload["status"] == "ready"
    assert payload["memory"].keys() == {"rss", "heapTotal", "heapUsed", "external", "arrayBuffers"}


async def test_the_database_page_counts_rows_with_the_service_key() -> None:
    """A table without an answer to HEAD is left out; a refusal of `agents` makes the page 503."""

    def reply(request: httpx.Request) -> httpx.Response:
        assert request.headers["apikey"] == "service-key"
        return httpx.Response(404) if request.url.path.endswith("/conversations") else fine(request)

    answer = await get(instance(reply), "/api/health/db")
    payload = json.loads(answer.body)
    assert payload["tables"] == {"agents": 7, "documents": 7, "organizations": 7}
    assert (answer.status, payload["database"]["version"], payload["healthy"]) == (200, "unknown", True)
    refused = httpx.Response(401, json={"message": "Invalid API key"})
    answer = await get(instance(failing("data.test", refused)), "/api/health/db")
    assert (answer.status, json.loads(answer.body)["error"]) == (503, "Invalid API key")


async def test_the_redis_page_is_503_without_redis_url() -> None:
    """Permanently and falsely: it knows no other Redis."""
    answer = await get(instance(), "/api/health/redis")
    assert (answer.status, json.loads(answer.body)["error"]) == (503, "Redis health check failed")


@pytest.mark.parametrize(("status", "expected"), [(200, 200), (401, 200), (500, 503)])
async def test_a_refused_key_counts_as_a_working_service(status: int, expected: int) -> None:
    """`/api/health/services` asks Supabase for its address alone."""
    answer = await get(instance(failing("data.test", httpx.Response(status))), "/api/health/services")
    payload = json.loads(answer.body)
    assert answer.status == expected
    assert payload["summary"] == {
        **{"total": 3, "ok": 1 + (expected == 200), "error": int(expected == 503)},
        **{"degraded": 0, "not_configured": 1},
    }
