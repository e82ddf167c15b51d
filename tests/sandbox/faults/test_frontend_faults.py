"""Faults of the frontend, as its visitors feel them. Three are lived through; of the others there is evidence."""

from collections.abc import Iterator

import httpx
import pytest
from tests.sandbox.faults.observations import Sight, both, shows_and_heals, well
from tests.sandbox.running import Running, running


def site(path: str, status: int, *, code: str = "", text: str = "", visitor: str = "198.51.100.7") -> Sight:
    """The site answers a visitor's path with this status, the edge's code, and a text."""

    async def seen(one: Running) -> bool:
        async with httpx.AsyncClient(trust_env=False, timeout=3) as client:
            address = one.settings["RUNBOOK_FRONTEND__BASE_URL"] + path
            answer = await client.get(address, headers={"x-forwarded-for": visitor})
        found = (answer.status_code, answer.headers.get("x-vercel-error", ""))
        return found == (status, code) and text in answer.text

    return seen


def serves(*paths: str) -> Sight:
    """All these answer 200."""
    return both(*(site(path, 200) for path in paths))


HEALTHY = serves("/", "/api/health/ready", "/api/agents", "/robots.txt")
SEEN: dict[str, Sight] = {
    "frontend-environment-missing": both(
        site("/api/agents", 500, text="Supabase environment validation failed: SUPABASE_SERVICE_ROLE_KEY"),
        site("/", 500, text="server-side exception"),
        site("/api/health", 200, text='"database":"ok"'),
        serves("/api/health/ready", "/robots.txt"),
    ),
    "frontend-token-rotated": both(
        site("/api/agents", 500, code="MIDDLEWARE_INVOCATION_FAILED"),
        site("/api/health", 200, text='"rateLimit":"error"'),
        serves("/", "/api/health/ready"),
        well,
    ),
    "frontend-rate-limited": both(
        site("/api/agents", 429, text="Too many requests", visitor="203.0.113.250"),
        serves("/", "/api/agents", "/api/health"),
        well,
    ),
}


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("frontend-faults"), "--replicas", "1") as found:
        yield found


@pytest.mark.parametrize("name", SEEN)
async def test_a_fault_shows_and_heals(one: Running, name: str) -> None:
    """`fault` returns when it shows; after `heal` the site is itself again."""
    await shows_and_heals(one, name, SEEN[name], healed=HEALTHY, within_s=20)
