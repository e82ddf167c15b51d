"""One instance of the frontend in this process: its own code, its backends answered by a function."""

from collections.abc import Callable, Mapping

import httpx

from sandbox.frontend.application import Application
from sandbox.frontend.backends import Backends
from sandbox.http import Answer, Request

Reply = Callable[[httpx.Request], httpx.Response]

VARIABLES: Mapping[str, str] = {
    "SUPABASE_URL": "http://data.test",
    "SUPABASE_SERVICE_ROLE_KEY": "service-key",
    "NEXT_PUBLIC_SUPABASE_URL": "http://data.test",
    "NEXT_PUBLIC_SUPABASE_ANON_KEY": "anon-key",
    "UPSTASH_REDIS_REST_URL": "http://redis.test",
    "UPSTASH_REDIS_REST_TOKEN": "token",
    "OPENROUTER_BASE_URL": "http://openrouter.test",
    "OPENROUTER_API_KEY": "sk-or-v1-test",
    "NEXTAUTH_URL": "https://site.test",
    "NEXTAUTH_SECRET": "a secret of more than sixteen characters",
    "VERCEL_ENV": "production",
}


def fine(request: httpx.Request) -> httpx.Response:
    """Every backend on a good day."""
    if request.url.host == "redis.test":
        return httpx.Response(200, json={"result": "PONG" if b"PING" in request.content else 1})
    if request.url.host == "data.test":
        return httpx.Response(200, json=[{"id": 1, "name": "one"}], headers={"content-range": "0-0/7"})
    return httpx.Response(200, json={"data": [], "choices": [{"message": {"content": "Hello"}}]})


def instance(reply: Reply = fine, *, without: tuple[str, ...] = (), **changed: str) -> Application:
    """An instance with some variables missing or changed."""
    values = {name: value for name, value in {**VARIABLES, **changed}.items() if name not in without}
    backends = Backends(values)
    backends.http = httpx.AsyncClient(transport=httpx.MockTransport(reply))
    return Application(backends)


async def get(app: Application, target: str, method: str = "GET", **headers: str) -> Answer:
    """One request to it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await app(Request(method=method, target=target, headers=named))
