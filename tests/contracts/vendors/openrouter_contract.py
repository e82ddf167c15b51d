"""OpenRouter: our calls are described, and our stand-in's answers are of the described shapes."""

import importlib
import json
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

import httpx
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from starlette.routing import Route
from tests.contracts.vendors.openrouter_operations import (
    API_KEY,
    EMBEDDINGS_ANSWER,
    EMBEDDINGS_REQUEST,
    ERROR_COMPONENTS,
    EXCHANGES,
    MALFORMED,
    Exchange,
)
from tests.contracts.vendors.tally import Basis, Tally

from sandbox.vendors.openrouter import OpenRouterState, openrouter_app

OPENAPI = "openrouter.json"
PREFIX = "/api/v1"
DOCUMENT = "urn:openrouter"
CLIENT_MODULE = "diagnostics.clients.openrouter"
Schema = Mapping[str, object]


class Published:
    """OpenRouter's description, able to judge bodies."""

    def __init__(self, specs: Path) -> None:
        document = json.loads((specs / OPENAPI).read_text(encoding="utf-8"))
        self.paths = document["paths"]
        resource = Resource(contents=document, specification=DRAFT202012)
        self._registry: Registry[object] = Registry().with_resource(DOCUMENT, resource)

    def describes(self, method: str, path: str) -> bool:
        """Say whether there is such an operation."""
        return method in self.paths.get(path, {})

    def request_schema(self, exchange: Exchange) -> Schema | None:
        """The schema of an operation's body, if it takes one."""
        operation = self.paths[exchange.path][exchange.method]
        if "requestBody" not in operation:
            return None
        return _reference("paths", exchange.path, exchange.method, "requestBody", "content")

    def answer_schema(self, exchange: Exchange) -> Schema | None:
        """The schema of an operation's answer with that status, if it is described."""
        operation = self.paths.get(exchange.path, {}).get(exchange.method, {})
        if str(exchange.status) not in operation.get("responses", {}):
            return None
        status = str(exchange.status)
        return _reference("paths", exchange.path, exchange.method, "responses", status, "content")

    def faults(self, schema: Schema, body: object) -> Iterator[str]:
        """What the schema has against a body."""
        validator = Draft202012Validator(
            schema, registry=self._registry, format_checker=Draft202012Validator.FORMAT_CHECKER
        )
        for error in validator.iter_errors(body):
            yield f"{error.json_path}: {error.message[:200]}"


async def openrouter_tally(specs: Path) -> Tally:
    """Check every call of our table and every answer of our stand-in."""
    published, tally = Published(specs), Tally(vendor="openrouter")
    for exchange in EXCHANGES:
        basis, faults = request_verdict(exchange, published)
        tally.request(exchange.name, basis, faults)
    for exchange in MALFORMED:
        basis, faults = request_verdict(exchange, published)
        tally.request(exchange.name, basis, [] if faults else ["is well-formed after all"])
    for exchange in (*EXCHANGES, *MALFORMED):
        basis, faults = await answer_verdict(exchange, published)
        tally.answer(exchange.name, basis, faults)
    for method, path in sorted(served() - listed()):
        tally.request(f"{method} {path}", Basis.NONE, ["accepted by the stand-in, absent from the table"])
    _client_requests(published, tally)
    return tally


def request_verdict(exchange: Exchange, published: Published) -> tuple[Basis, list[str]]:
    """What a call was checked by, and what is wrong with it."""
    if published.describes(exchange.method, exchange.path):
        schema = published.request_schema(exchange)
        if schema is None:
            return Basis.PUBLISHED, ["sends a body"] if exchange.body is not None else []
        return Basis.PUBLISHED, list(published.faults(schema, exchange.body))
    if exchange.path == "/embeddings":
        return Basis.OWN_TABLE, list(published.faults(EMBEDDINGS_REQUEST, exchange.body))
    return Basis.OWN_TABLE, [] if exchange.status == 404 else ["no such operation"]


async def answer_verdict(exchange: Exchange, published: Published) -> tuple[Basis, list[str]]:
    """What an answer was checked by, and what is wrong with it."""
    answer = await ask(exchange)
    faults = list(_header_faults(exchange, answer))
    schema, basis = published.answer_schema(exchange), Basis.PUBLISHED
    if schema is None:
        basis = Basis.OWN_TABLE
        schema = EMBEDDINGS_ANSWER if exchange.status == 200 else _component(exchange.status)
    if answer.status_code == exchange.status:
        faults += published.faults(schema, answer.json())
    return basis, faults


async def ask(exchange: Exchange) -> httpx.Response:
    """Send a call to a fresh stand-in over HTTP."""
    transport = httpx.ASGITransport(openrouter_app(OpenRouterState(api_key=API_KEY, mode=exchange.mode)))
    headers = {"Authorization": f"Bearer {exchange.key}"} if exchange.key else {}
    async with httpx.AsyncClient(transport=transport, base_url=f"http://openrouter{PREFIX}") as client:
        return await client.request(exchange.method.upper(), exchange.path, headers=headers, json=exchange.body)


def served() -> set[tuple[str, str]]:
    """Method and path of everything the stand-in answers."""
    routes = openrouter_app(OpenRouterState(api_key=API_KEY)).routes
    return {
        (method.lower(), route.path.removeprefix(PREFIX))
        for route in routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }


def listed() -> set[tuple[str, str]]:
    """Method and path of everything in our table."""
    return {(exchange.method, exchange.path) for exchange in EXCHANGES}


def _client_requests(published: Published, tally: Tally) -> None:
    """The calls our client declares in `REQUESTS`, pairs of method and path, if it exists."""
    try:
        exists = find_spec(CLIENT_MODULE) is not None
    except ModuleNotFoundError:
        exists = False
    if not exists:
        tally.notes.append(f"no module {CLIENT_MODULE}, so none of its requests")
        return
    requests = getattr(importlib.import_module(CLIENT_MODULE), "REQUESTS", None)
    if requests is None:
        tally.request(f"of {CLIENT_MODULE}, which declares no REQUESTS", Basis.NONE)
        return
    for method, path in requests:
        call = method.lower(), path.removeprefix(PREFIX)
        basis = Basis.PUBLISHED if published.describes(*call) else Basis.OWN_TABLE
        tally.request(f"{method} {path}", basis, [] if call in listed() else ["is not in our table"])


def _header_faults(exchange: Exchange, answer: httpx.Response) -> Iterator[str]:
    if answer.status_code != exchange.status:
        yield f"HTTP {answer.status_code} in place of {exchange.status}: {answer.text[:200]}"
    if ("Retry-After" in answer.headers) is not exchange.has_retry_after:
        yield "Retry-After is there" if not exchange.has_retry_after else "Retry-After is missing"
    if ("X-RateLimit-Limit" in answer.headers) is not (exchange.status == 429):
        yield "X-RateLimit headers belong to a 429 and to nothing else"


def _component(status: int) -> Schema:
    return {"$ref": f"{DOCUMENT}#/components/schemas/{ERROR_COMPONENTS[status]}"}


def _reference(*path: str) -> Schema:
    escaped = [part.replace("~", "~0").replace("/", "~1") for part in (*path, "application/json", "schema")]
    return {"$ref": f"{DOCUMENT}#/{'/'.join(escaped)}"}
