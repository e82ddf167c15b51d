"""Supabase's management API: our calls are described, and our stand-in's answers are of the described shapes."""

import importlib
import json
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from tests.contracts.vendors.supabase_operations import SUPABASE_EXCHANGES, SupabaseExchange
from tests.contracts.vendors.tally import Basis, Tally
from tests.sandbox.data.support import serving

from sandbox.data import Project
from sandbox.vendors.supabase import ROUTES, supabase_app

DESCRIPTION = "supabase.json"
DOCUMENT = "urn:supabase"
CLIENT_MODULE = "diagnostics.clients.supabase"
JSON = "application/json"


class Described:
    """Supabase's description, able to judge queries, bodies and answers."""

    def __init__(self, specs: Path) -> None:
        document = _modern(json.loads((specs / DESCRIPTION).read_text(encoding="utf-8")))
        self.paths = document["paths"]
        resource = Resource(contents=document, specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource(DOCUMENT, resource)

    def operation(self, exchange: SupabaseExchange) -> Mapping[str, Any] | None:
        return self.paths.get(exchange.path, {}).get(exchange.method)

    def request_faults(self, exchange: SupabaseExchange) -> Iterator[str]:
        """What the description has against a call."""
        operation = self.operation(exchange)
        assert operation is not None
        described = {each["name"]: each for each in operation.get("parameters", ()) if each["in"] == "query"}
        given = {name for name, _ in exchange.query}
        yield from (f"{name} is not described" for name in given - set(described))
        yield from (
            f"{name} is missing" for name, each in described.items() if each.get("required") and name not in given
        )
        if (body := operation.get("requestBody")) is not None:
            yield from self.faults(body["content"][JSON]["schema"], exchange.body)
        elif exchange.body is not None:
            yield "sends a body"

    def answer_schema(self, exchange: SupabaseExchange) -> Mapping[str, Any] | None:
        """The schema of the answer, if there is one."""
        operation = self.operation(exchange) or {}
        answer = operation.get("responses", {}).get(str(exchange.status), {})
        found: Mapping[str, Any] | None = answer.get("content", {}).get(JSON, {}).get("schema")
        return found

    def faults(self, schema: Mapping[str, Any], body: object) -> Iterator[str]:
        """What a schema has against a body."""
        validator = Draft202012Validator(_absolute(schema), registry=self._registry)
        for error in validator.iter_errors(body):
            yield f"{error.json_path}: {error.message[:200]}"


async def supabase_tally(specs: Path) -> Tally:
    """Check every call of our table and every answer of our stand-in, over a real server."""
    described, tally = Described(specs), Tally(vendor="supabase")
    async with serving() as project:
        for exchange in SUPABASE_EXCHANGES:
            await _enter(exchange, described, tally, project)
    for method, path in sorted(served() - listed()):
        tally.request(f"{method} {path}", Basis.NONE, ["accepted by the stand-in, absent from the table"])
    _client_requests(tally)
    return tally


async def _enter(exchange: SupabaseExchange, described: Described, tally: Tally, project: Project) -> None:
    is_described = described.operation(exchange) is not None
    if is_described:
        tally.request(exchange.name, Basis.PUBLISHED, described.request_faults(exchange))
    else:
        tally.request(exchange.name, Basis.OWN_TABLE, [] if exchange.newer else ["no such operation"])
    answer = await ask(exchange, project)
    schema = described.answer_schema(exchange)
    faults = list(_plain_faults(exchange, answer))
    if schema is not None and not faults:
        faults += described.faults(schema, answer.json())
    tally.answer(exchange.name, Basis.OWN_TABLE if schema is None else Basis.PUBLISHED, faults)


async def ask(exchange: SupabaseExchange, project: Project) -> httpx.Response:
    """Send a call to the stand-in over HTTP."""
    transport = httpx.ASGITransport(supabase_app(project))
    headers = {"Authorization": f"Bearer {project.access_token}"} if exchange.has_token else {}
    async with httpx.AsyncClient(transport=transport, base_url="http://supabase", timeout=30) as client:
        path = exchange.path.replace("{ref}", project.ref)
        return await client.request(
            exchange.method.upper(), path, params=list(exchange.query), headers=headers, json=exchange.body
        )


def served() -> set[tuple[str, str]]:
    """Method and path of everything the stand-in answers."""
    return {(method.lower(), path) for method, path in ROUTES}


def listed() -> set[tuple[str, str]]:
    """Method and path of everything in our table."""
    return {(exchange.method, exchange.path) for exchange in SUPABASE_EXCHANGES}


def _plain_faults(exchange: SupabaseExchange, answer: httpx.Response) -> Iterator[str]:
    if answer.status_code != exchange.status:
        yield f"HTTP {answer.status_code} in place of {exchange.status}: {answer.text[:200]}"
    if not 0 < int(answer.headers.get("X-RateLimit-Reset", 0)) <= 60:
        yield "X-RateLimit-Reset is not the seconds that remain"
    if exchange.status >= 400 and not isinstance(answer.json().get("message"), str):
        yield "an error without a message"


def _client_requests(tally: Tally) -> None:
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
        known = (method.lower(), path) in listed()
        tally.request(f"{method} {path}", Basis.OWN_TABLE, [] if known else ["is not in our table"])


def _modern(schema: Any) -> Any:
    """OpenAPI 3.0's own words in those of JSON Schema."""
    if isinstance(schema, list):
        return [_modern(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _modern(value) for name, value in schema.items()}
    if plain.pop("nullable", False) is True and isinstance(plain.get("type"), str):
        plain["type"] = [plain["type"], "null"]
    if plain.get("exclusiveMinimum") is True:
        plain["exclusiveMinimum"] = plain.pop("minimum")
    return plain


def _absolute(schema: Any) -> Any:
    """References made to point into the whole document."""
    if isinstance(schema, list):
        return [_absolute(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: f"{DOCUMENT}{value}" if name == "$ref" else _absolute(value) for name, value in schema.items()}
