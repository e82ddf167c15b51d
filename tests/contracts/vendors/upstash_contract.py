"""Upstash's developer API: our calls are described, and our stand-in's answers are of the described shapes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from starlette.routing import Route
from tests.contracts.vendors.tally import Basis, Tally

from diagnostics.clients.upstash_api import REQUESTS
from sandbox.edge import Gate
from sandbox.vendors.upstash_developer import DATABASE_ID, UpstashAccount, upstash_developer_app

OPENAPI = "upstash-developer.json"
DOCUMENT = "urn:upstash"
PREFIX = "/v2"
TEXT = {"type": "string", "minLength": 1}
"""What an error's body is: the description has none. Source: the vendor's words, as last seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One call and the status it must get."""

    name: str
    path: str
    status: int = 200
    key: str | None = "key"
    database: str = DATABASE_ID
    query: str = ""
    is_down: bool = False


EXCHANGES = (
    Exchange(name="databases", path="/redis/databases"),
    Exchange(name="database without its credentials", path="/redis/database/{id}", query="?credentials=hide"),
    Exchange(name="database", path="/redis/database/{id}"),
    Exchange(name="usage", path="/redis/stats/{id}"),
    Exchange(name="usage while the server is down", path="/redis/stats/{id}", status=500, is_down=True),
    Exchange(name="another database", path="/redis/database/{id}", status=404, database="none"),
    Exchange(name="usage of another database", path="/redis/stats/{id}", status=404, database="none"),
    Exchange(name="a wrong key", path="/redis/databases", status=401, key="wrong"),
    Exchange(name="no key", path="/redis/databases", status=401, key=None),
)


async def upstash_tally(specs: Path) -> Tally:
    """Check every call of our table, every answer of our stand-in, and every call of our client."""
    tally, document = Tally(vendor="upstash"), json.loads((specs / OPENAPI).read_text("utf-8"))
    for exchange in EXCHANGES:
        operation = document["paths"].get(exchange.path, {}).get("get")
        tally.request(exchange.name, Basis.PUBLISHED, [] if operation else ["is not described"])
        answer = await ask(exchange)
        tally.answer(exchange.name, *_verdict(exchange, answer, document))
    for method, path in sorted(served() - {("get", e.path) for e in EXCHANGES}):
        tally.request(f"{method} {path}", Basis.NONE, ["accepted by the stand-in, absent from the table"])
    for method, path in REQUESTS:
        is_described = method.lower() in document["paths"].get(path, {})
        tally.request(f"{method} {path}", Basis.PUBLISHED, [] if is_described else ["is not described"])
    return tally


async def ask(exchange: Exchange) -> httpx.Response:
    """Send a call to a fresh stand-in over HTTP."""

    async def memory() -> int | None:
        return None if exchange.is_down else 4096

    account = UpstashAccount(email="a@example.org", api_key="key", gate=Gate(), memory=memory, memory_limit=65536)
    transport = httpx.ASGITransport(upstash_developer_app(account))
    auth = httpx.BasicAuth("a@example.org", exchange.key) if exchange.key else None
    async with httpx.AsyncClient(transport=transport, base_url=f"http://upstash{PREFIX}") as client:
        return await client.get(exchange.path.replace("{id}", exchange.database) + exchange.query, auth=auth)


def served() -> set[tuple[str, str]]:
    """Method and path of everything the stand-in answers."""

    async def memory() -> int | None:
        return None

    app = upstash_developer_app(UpstashAccount(email="", api_key="", gate=Gate(), memory=memory, memory_limit=1))
    return {
        (method.lower(), route.path.removeprefix(PREFIX))
        for route in app.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }


def _verdict(exchange: Exchange, answer: httpx.Response, document: dict[str, Any]) -> tuple[Basis, list[str]]:
    wrong = [] if answer.status_code == exchange.status else [f"HTTP {answer.status_code}: {answer.text[:200]}"]
    if exchange.status != 200:
        return Basis.OWN_TABLE, [*wrong, *_faults(TEXT, answer.json(), document)]
    path = exchange.path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
    where = f"{DOCUMENT}#/paths/{path}/get/responses/200/content/application~1json/schema"
    body = answer.json()
    if "credentials=hide" in exchange.query and {"password", "rest_token"} & set(body):
        wrong.append("tells credentials that were to be hidden")
    return Basis.PUBLISHED, [*wrong, *_faults({"$ref": where}, body, document)]


def _faults(schema: dict[str, Any], body: object, document: dict[str, Any]) -> Iterator[str]:
    registry: Registry[Any] = Registry().with_resource(DOCUMENT, Resource(contents=document, specification=DRAFT202012))
    for error in Draft202012Validator(schema, registry=registry).iter_errors(body):
        yield f"{error.json_path}: {error.message[:200]}"
