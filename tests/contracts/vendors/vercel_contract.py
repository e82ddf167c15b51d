"""Vercel: our calls are those of our own table, and our stand-in answers as the table says."""

import importlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import httpx
from jsonschema import Draft202012Validator
from starlette.routing import Route
from tests.contracts.vendors.tally import Basis, Tally
from tests.contracts.vendors.vercel_operations import OPERATIONS, STREAMS, TOKEN, JsonSchema, Operation

from sandbox.frontend.releases import FILE_NAME_CASE, HEAD, PREVIOUS
from sandbox.site import Site
from sandbox.site.deployment import BuildEvent, Deployment, ReadyState
from sandbox.site.requests import Printed, Row
from sandbox.vendors.vercel import vercel_app
from sandbox.vendors.vercel_state import VercelState

CLIENT_MODULES = ("diagnostics.clients.vercel", "diagnostics.clients.vercel_requests")


def site_with_a_past() -> tuple[Site, dict[str, str]]:
    """A project that runs nothing yet has a release that serves, one before it, and a build that failed."""
    site, now = Site(injected={}), datetime.now(UTC)
    site.variables.set({"SUPABASE_URL": "https://data.test", "SUPABASE_SERVICE_ROLE_KEY": "service-key"})
    older = site.remember(PREVIOUS, now - timedelta(hours=3))
    serving = site.remember(HEAD, now - timedelta(hours=2))
    site.alias = serving.id
    failed = _failed(site, now - timedelta(hours=1))
    row = Row(id="iad1::one", at=now, deployment_id=serving.id, method="GET", path="/api/x", domain=site.domain)
    row.printed.append(Printed(at=now, level="error", text="TypeError: fetch failed"))
    site.requests.begin(row)
    site.requests.end(row, 500)
    names = {"project": site.project_id, "team": site.team_id, "name": site.name, "domain": site.domain}
    return site, {**names, "serving": serving.id, "older": older.id, "failed": failed.id}


def _failed(site: Site, at: datetime) -> Deployment:
    deployment = site.remember(HEAD, at)
    deployment.release, deployment.state, deployment.alias_assigned_at = FILE_NAME_CASE, ReadyState.ERROR, None
    deployment.ready_at, deployment.error_code = None, "BUILD_UTILS_SPAWN_1"
    deployment.error_message = 'Command "npm run build" exited with 1'
    deployment.events.append(BuildEvent(at=at, kind="stderr", level="error", text="Failed to compile."))
    return deployment


async def ask(operation: Operation) -> httpx.Response:
    """Send a call to a fresh stand-in over HTTP."""
    site, names = site_with_a_past()
    app = vercel_app(site, TOKEN, state=operation.state or VercelState())
    headers = {"Authorization": f"Bearer {operation.token}"} if operation.token else {}
    query = {key: value.format(**names) for key, value in operation.query.items()}
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://vercel.test") as client:
            return await client.request(
                operation.method,
                operation.path.format(**names),
                params=query,
                headers=headers,
                json=None if operation.body is None else _filled(operation.body, names),
            )
    finally:
        await site.close()


def _filled(body: Mapping[str, object], names: Mapping[str, str]) -> dict[str, object]:
    return {key: value.format(**names) if isinstance(value, str) else value for key, value in body.items()}


def faults(operation: Operation, answer: httpx.Response) -> Iterator[str]:
    """What is wrong with an answer."""
    if answer.status_code != operation.status:
        yield f"HTTP {answer.status_code} in place of {operation.status}: {answer.text[:200]}"
        return
    body = answer.json() if answer.content else None
    yield from schema_faults(operation.answer, body)
    if ("Retry-After" in answer.headers) is not (operation.status == 429):
        yield "Retry-After belongs to a 429 and to nothing else"
    if "X-RateLimit-Remaining" not in answer.headers:
        yield "X-RateLimit headers are missing"


def schema_faults(schema: JsonSchema, body: object) -> Iterator[str]:
    """What the table has against a body."""
    for error in Draft202012Validator(schema).iter_errors(body):
        yield f"{error.json_path}: {error.message[:200]}"


def served() -> set[tuple[str, str]]:
    """Method and pattern of everything the stand-in answers."""
    return {
        (method, route.path)
        for route in vercel_app(Site(injected={}), TOKEN).routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }


def listed() -> set[tuple[str, str]]:
    """Method and pattern of everything in our table."""
    return {(each.method, each.route) for each in OPERATIONS} | set(STREAMS)


async def vercel_tally() -> Tally:
    """Check every call of our table and every answer of our stand-in; nothing is published."""
    tally = Tally(vendor="vercel")
    for operation in OPERATIONS:
        tally.request(operation.name, Basis.OWN_TABLE)
        tally.answer(operation.name, Basis.OWN_TABLE, faults(operation, await ask(operation)))
    for method, path in sorted(served() ^ listed()):
        tally.request(f"{method} {path}", Basis.NONE, ["is in the stand-in or the table alone"])
    for module in CLIENT_MODULES:
        for method, path in getattr(importlib.import_module(module), "REQUESTS", ()):
            known = [] if (method, path) in listed() else ["is not in our table"]
            tally.request(f"{method} {path}", Basis.OWN_TABLE, known)
    return tally
