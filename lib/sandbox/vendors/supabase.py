"""A stand-in for Supabase's management API over the sandbox's real project.

This module is the transport: token, limits, status codes, routes. What is told is asked of the real server.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from time import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox.data import Project
from sandbox.vendors.supabase_advisors import Unreachable, catalog_lints, known_lints, run_lints
from sandbox.vendors.supabase_answers import (
    INTERVALS,
    SERVICES,
    QueryFailed,
    counts_answer,
    disk_answer,
    health_answer,
    jsonable,
    pooler_answer,
    project_answer,
    query,
    read_only_answer,
    settings_answer,
)
from sandbox.vendors.supabase_logs import BadWindow, search, window
from sandbox.vendors.supabase_state import SupabaseState

MINUTE_S = 60
DENIED_PAGE = "<!DOCTYPE html><title>Access denied</title><h1>Access denied</h1><p>error code: 1010</p>"
REFUSALS = {
    401: "Unauthorized",
    403: "Your account does not have the necessary privileges to access this endpoint.",
    404: "Project not found",
    429: "ThrottlerException: Too Many Requests",
}
Answer = Callable[[Project, Request], Awaitable[Response]]


def supabase_app(project: Project, *, state: SupabaseState | None = None) -> Starlette:
    """Serve the API for one project; the state is found again as `app.state.supabase`."""
    transport = _Transport(project, state or SupabaseState())
    routes = [
        Route(path, transport.answering(path, answer), methods=[method]) for (method, path), answer in ROUTES.items()
    ]
    app = Starlette(routes=routes)
    app.state.supabase = transport.state
    return app


class _Transport:
    def __init__(self, project: Project, state: SupabaseState) -> None:
        self.state = state
        self._project = project
        self._minute, self._requests = 0, 0

    def answering(self, path: str, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint that first asks whether it may."""

        async def endpoint(request: Request) -> Response:
            self.state.calls[f"{request.method} {path}"] += 1
            if self.state.latency_s:
                await asyncio.sleep(self.state.latency_s)
            limits, is_allowed = self._count()
            refused = self._refused(request, is_allowed=is_allowed)
            found = refused or self._spoiled(await _answered(answer, self._project, request))
            found.headers.update(limits)
            return found

        return endpoint

    def _refused(self, request: Request, *, is_allowed: bool) -> Response | None:
        state, project = self.state, self._project
        if not is_allowed:
            return _message(429)
        if state.status is not None:
            return self._spoiled(_message(state.status))
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secrets.compare_digest(token.encode(), project.access_token.encode()):
            return _message(401)
        return _message(404) if request.path_params.get("ref", project.ref) != project.ref else None

    def _count(self) -> tuple[dict[str, str], bool]:
        now = time()
        if int(now) // MINUTE_S != self._minute:
            self._minute, self._requests = int(now) // MINUTE_S, 0
        self._requests += 1
        left = self.state.per_minute - self._requests
        headers = {
            "X-RateLimit-Limit": str(self.state.per_minute),
            "X-RateLimit-Remaining": str(max(0, left)),
            "X-RateLimit-Reset": str(MINUTE_S - int(now) % MINUTE_S),
        }
        return headers, left >= 0

    def _spoiled(self, answer: Response) -> Response:
        if self.state.body == "html":
            return HTMLResponse(DENIED_PAGE, status_code=self.state.status or 403)
        if self.state.body == "truncated":
            half = bytes(answer.body)[: len(answer.body) // 2]
            return Response(half, answer.status_code, media_type="application/json")
        return answer


async def _answered(answer: Answer, project: Project, request: Request) -> Response:
    try:
        return await answer(project, request)
    except (QueryFailed, BadWindow) as refused:
        return _message(400, str(refused))
    except Unreachable as error:
        return _message(500, str(error))


async def _projects(project: Project, _request: Request) -> Response:
    return JSONResponse([project_answer(project)])


async def _one(project: Project, _request: Request) -> Response:
    return JSONResponse(project_answer(project))


async def _health(project: Project, request: Request) -> Response:
    services = request.query_params.getlist("services")
    if not services or any(name not in SERVICES for name in services):
        return _message(400, "services: must be an array of known services")
    return JSONResponse(await health_answer(project, services))


async def _pooler(project: Project, _request: Request) -> Response:
    return JSONResponse(pooler_answer(project))


async def _disk(project: Project, _request: Request) -> Response:
    return JSONResponse(disk_answer(project))


async def _settings(project: Project, _request: Request) -> Response:
    return JSONResponse(await settings_answer(project))


async def _read_only(project: Project, _request: Request) -> Response:
    return JSONResponse(await read_only_answer(project))


async def _allow_writes(project: Project, _request: Request) -> Response:
    await project.set_read_only(is_on=False)
    return Response(status_code=201)


async def _query(project: Project, request: Request) -> Response:
    body = await _json(request)
    sql = body.get("query")
    if not isinstance(sql, str) or not sql:
        return _message(400, "query: must be a string")
    parameters = body.get("parameters")
    rows = await query(project, sql, parameters if isinstance(parameters, list) else ())
    return JSONResponse(jsonable(rows), status_code=201)


async def _logs(project: Project, request: Request) -> Response:
    given = request.query_params
    since, until = window(given.get("iso_timestamp_start"), given.get("iso_timestamp_end"), datetime.now(UTC))
    lines = [line for line in tuple(project.diary) if since <= line.at < until]
    usual = "select id, timestamp, event_message from logs order by timestamp desc limit 100"
    return JSONResponse(await asyncio.to_thread(search, lines, given.get("sql") or usual))


async def _counts(project: Project, request: Request) -> Response:
    if request.query_params.get("interval", INTERVALS[0]) not in INTERVALS:
        return _message(400, "interval: unknown")
    return JSONResponse(counts_answer(project))


async def _performance(project: Project, _request: Request) -> Response:
    return JSONResponse({"lints": await catalog_lints(project, "PERFORMANCE")})


async def _security(project: Project, _request: Request) -> Response:
    return JSONResponse({"lints": await catalog_lints(project, "SECURITY")})


async def _advisors(project: Project, request: Request) -> Response:
    data = (await _json(request)).get("data")
    attributes = data.get("attributes") if isinstance(data, dict) else None
    lints = attributes.get("lints") if isinstance(attributes, dict) else None
    names = [lint.get("name") for lint in lints if isinstance(lint, dict)] if isinstance(lints, list) else []
    unknown = [name for name in names if name not in known_lints()]
    if not 1 <= len(names) <= 10 or unknown:
        issues = [f"unknown lint {name}" for name in unknown] or ["1 to 10 lints are needed"]
        error = {"code": "validation_failed", "message": "Validation failed", "issues": issues}
        return JSONResponse({"error": error}, status_code=400)
    fired = await run_lints(project, [str(name) for name in names])
    return JSONResponse({"data": {"type": "project_advisors", "attributes": {"lints": fired}}})


async def _pause(project: Project, _request: Request) -> Response:
    await project.pause()
    return Response(status_code=200)


async def _restore(project: Project, _request: Request) -> Response:
    if not project.is_paused:
        return _message(400, "Project is not paused")
    await project.restore()
    return Response(status_code=200)


async def _restart(project: Project, _request: Request) -> Response:
    await project.restart()
    return Response(status_code=200)


async def _json(request: Request) -> dict[str, object]:
    try:
        body = await request.json()
    except json.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _message(status: int, text: str = "") -> Response:
    return JSONResponse({"message": text or REFUSALS.get(status, "Internal Server Error")}, status_code=status)


_OF = "/v1/projects/{ref}"
ROUTES: dict[tuple[str, str], Answer] = {
    ("GET", "/v1/projects"): _projects,
    ("GET", _OF): _one,
    ("GET", f"{_OF}/health"): _health,
    ("GET", f"{_OF}/config/database/pooler"): _pooler,
    ("GET", f"{_OF}/config/database/postgres"): _settings,
    ("GET", f"{_OF}/config/disk/util"): _disk,
    ("GET", f"{_OF}/readonly"): _read_only,
    ("POST", f"{_OF}/readonly/temporary-disable"): _allow_writes,
    ("POST", f"{_OF}/database/query/read-only"): _query,
    ("GET", f"{_OF}/analytics/endpoints/logs"): _logs,
    ("GET", f"{_OF}/analytics/endpoints/usage.api-counts"): _counts,
    ("GET", f"{_OF}/advisors/performance"): _performance,
    ("GET", f"{_OF}/advisors/security"): _security,
    ("POST", "/v2/projects/{ref}/advisors/run"): _advisors,
    ("POST", f"{_OF}/pause"): _pause,
    ("POST", f"{_OF}/restore"): _restore,
    ("POST", f"{_OF}/restart"): _restart,
}
