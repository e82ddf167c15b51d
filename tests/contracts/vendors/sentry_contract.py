"""Sentry: our calls are described, and our stand-in's answers are of the described shapes."""

import importlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from starlette.routing import Route
from tests.contracts.vendors.sentry_operations import ERROR, EXCHANGES, NOTE, Exchange
from tests.contracts.vendors.tally import Basis, Tally

from sandbox.vendors.sentry import sentry_app
from sandbox.vendors.sentry_state import SentryState

OPENAPI = "sentry.json"
CLIENT_MODULE = "diagnostics.clients.sentry"
NAMES = {
    "{organization}": "{organization_id_or_slug}",
    "{organization_id_or_slug}/{project}": "{organization_id_or_slug}/{project_id_or_slug}",
    "{issue}": "{issue_id}",
    "{event}": "{event_id}",
    "events/latest/": "events/{event_id}/",
}
"""Our names of path parameters and the published ones, in the order in which they are replaced."""


class Published:
    """Sentry's description, able to judge bodies. Its dialect is OpenAPI 3.0's."""

    def __init__(self, specs: Path) -> None:
        document = json.loads((specs / OPENAPI).read_text(encoding="utf-8"))
        self.paths = document["paths"]
        self._components = _dialect(document.get("components", {}))

    def operation(self, exchange: Exchange) -> Mapping[str, Any] | None:
        """The description of a call, if there is one."""
        found = self.paths.get(published_path(exchange.path), {}).get(exchange.method)
        return found if isinstance(found, dict) else None

    def query_faults(self, exchange: Exchange) -> Iterator[str]:
        """Parameters the operation does not have, or must have and does not get."""
        operation = self.operation(exchange) or {}
        known = {each["name"]: each for each in operation.get("parameters", ()) if each["in"] == "query"}
        sent = exchange.query or {}
        yield from (f"parameter {name} is not described" for name in sent if name not in known)
        yield from (f"parameter {n} is missing" for n, each in known.items() if each.get("required") and n not in sent)

    def answer_faults(self, exchange: Exchange, body: object) -> list[str] | None:
        """What the published schema has against an answer; `None` when no schema is described."""
        content = (self.operation(exchange) or {}).get("responses", {}).get(str(exchange.status), {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        return None if schema is None else list(faults(_dialect(schema), body, self._components))


async def sentry_tally(specs: Path) -> Tally:
    """Check every call of our table and every answer of our stand-in."""
    published, tally = Published(specs), Tally(vendor="sentry")
    for exchange in EXCHANGES:
        described = published.operation(exchange) is not None
        basis = Basis.PUBLISHED if described else Basis.OWN_TABLE
        wrong = list(published.query_faults(exchange)) if described else []
        wrong += [] if described is exchange.is_published else ["the table is wrong about its being published"]
        tally.request(exchange.name, basis, wrong)
        answer = await ask(exchange)
        told = published.answer_faults(exchange, _json(answer)) if described else None
        own = list(own_faults(exchange, answer))
        tally.answer(exchange.name, Basis.OWN_TABLE if told is None else Basis.PUBLISHED, [*own, *(told or [])])
    for method, path in sorted(served() - listed()):
        tally.request(f"{method} {path}", Basis.NONE, ["accepted by the stand-in, absent from the table"])
    for method, path in importlib.import_module(CLIENT_MODULE).REQUESTS:
        call = (method.lower(), published_path(path))
        tally.request(f"{method} {path}", Basis.PUBLISHED, [] if call in listed() else ["is not in our table"])
    return tally


def faults(schema: Mapping[str, Any], body: object, components: Mapping[str, Any]) -> Iterator[str]:
    """What a schema has against a body."""
    validator = Draft202012Validator({**schema, "components": components})
    for error in validator.iter_errors(body):
        yield f"{error.json_path}: {error.message[:200]}"


def own_faults(exchange: Exchange, answer: httpx.Response) -> Iterator[str]:
    """What our own table has against an answer."""
    if answer.status_code != exchange.status:
        yield f"HTTP {answer.status_code} in place of {exchange.status}: {answer.text[:200]}"
    if exchange.path.startswith("/api/0/") and "X-Sentry-Rate-Limit-Reset" not in answer.headers:
        yield "lacks its rate limit headers"
    if answer.status_code >= 400:
        yield from faults(ERROR, _json(answer), {})
    elif "/notes/" in exchange.path or "/comments/" in exchange.path:
        schema = NOTE if exchange.method == "post" else {"type": "array", "items": NOTE}
        yield from faults(schema, _json(answer), {})
    elif isinstance(_json(answer), list) and {"next", "previous"} - set(answer.links):
        yield "is a list without both directions in its Link header"


async def ask(exchange: Exchange) -> httpx.Response:
    """Send a call over HTTP to a fresh stand-in that has one issue and one request."""
    state = SentryState()
    tokens = {"user": state.token, "build": state.build_token, "stale": "sntryu_stale"}
    headers = {"Authorization": f"Bearer {tokens[exchange.token]}"} if exchange.token in tokens else {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sentry_app(state)), base_url="http://sentry") as client:
        await _fill(client, state)
        issue = next(iter(state.store.issues.values()))
        path = exchange.path
        for name, value in {
            "{organization_id_or_slug}": state.organization,
            "{project_id_or_slug}": state.project,
            "{project}": str(state.project_id),
            "{issue_id}": issue.id if exchange.issue == "first" else exchange.issue,
            "{event_id}": issue.newest.id,
        }.items():
            path = path.replace(name, value)
        if "notes" in path and exchange.method == "get":
            await client.post(path, json={"text": "before"}, headers=headers)
        query = dict(exchange.query or {})
        return await client.request(exchange.method.upper(), path, params=query, headers=headers, json=exchange.body)


async def _fill(client: httpx.AsyncClient, state: SentryState) -> None:
    event = {
        "event_id": "ab" * 16,
        "platform": "node",
        "transaction": "GET /api/agents",
        "user": {"id": "42"},
        "exception": {"values": [{"type": "TypeError", "value": "no", "stacktrace": {"frames": [{"function": "f"}]}}]},
    }
    trace = {"trace": {"op": "http.server", "status": "ok"}}
    span = {"event_id": "cd" * 16, "transaction": "GET /", "start_timestamp": 1.0, "timestamp": None, "contexts": trace}
    lines = [{"event_id": "ab" * 16}, {"type": "event"}, event, {"type": "transaction"}, span]
    answer = await client.post(
        f"/api/{state.project_id}/envelope/",
        content="\n".join(map(json.dumps, lines)),
        headers={"X-Sentry-Auth": f"Sentry sentry_key={state.public_key}"},
    )
    assert answer.status_code == 200


def served() -> set[tuple[str, str]]:
    """Method and published path of everything the stand-in answers."""
    return {
        (method.lower(), published_path(route.path))
        for route in sentry_app(SentryState()).routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }


def listed() -> set[tuple[str, str]]:
    """Method and published path of everything in our table."""
    return {(exchange.method, published_path(exchange.path)) for exchange in EXCHANGES}


def published_path(path: str) -> str:
    """A path with the parameters' published names."""
    for ours, theirs in NAMES.items():
        path = path.replace(ours, theirs)
    for tag in ("/tags/user/", "/tags/jobId/", "/tags/transaction/"):
        path = path.replace(tag, "/tags/{key}/")
    return path


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _dialect(schema: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema says it."""
    if isinstance(schema, list):
        return [_dialect(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    told = {key: _dialect(value) for key, value in schema.items()}
    if told.pop("nullable", False):
        return {"anyOf": [told, {"type": "null"}]}
    return told
