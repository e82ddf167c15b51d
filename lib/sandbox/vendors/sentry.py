"""A stand-in for Sentry: the ingest SDKs send to, and the API the runbooks read.

Everything it tells was sent to it in envelopes. Paths, fields and refusals are the published ones;
`lib/sandbox` keeps no second way to put an error in.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from time import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from sandbox.vendors.sentry_actions import add_note, list_notes, update_issue
from sandbox.vendors.sentry_ingest import receive
from sandbox.vendors.sentry_reads import (
    MISSING,
    find_event,
    list_events,
    list_issues,
    list_keys,
    list_releases,
    list_tag_values,
    problem,
    show_event,
    show_issue,
    show_outcomes,
    show_series,
    show_table,
    show_tag,
)
from sandbox.vendors.sentry_search import BadQuery
from sandbox.vendors.sentry_state import SentryBody, SentryState

Handler = Callable[[Request, SentryState], Awaitable[Response]]
LIMIT, WINDOW_S = 40, 1
"""Requests per caller and endpoint, and the seconds they are counted over; told, not enforced."""
FORBIDDEN = "You do not have permission to perform this action."
DENIED_PAGE = "<!DOCTYPE html><title>Access denied</title><h1>Access denied</h1><p>error code: 1010</p>"
_DETAILS = {401: "Invalid token", 403: FORBIDDEN, 404: MISSING, 429: "You are attempting to use this endpoint too fast"}


def sentry_app(state: SentryState) -> Starlette:
    """Serve ingest and API as `state` says."""

    def api(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            state.calls.append((request.method, _path(request)))
            return await _guarded(request, state, handler)

        return answer

    async def ingest(request: Request) -> Response:
        state.calls.append((request.method, _path(request)))
        return await receive(request, state)

    org, project = "/api/0/organizations/{organization}", "/api/0/projects/{organization}/{project}"
    reads: tuple[tuple[str, Handler], ...] = (
        (f"{org}/issues/", list_issues),
        (f"{org}/issues/{{issue}}/", show_issue),
        (f"{org}/issues/{{issue}}/events/", list_events),
        (f"{org}/issues/{{issue}}/events/{{event}}/", show_event),
        (f"{org}/issues/{{issue}}/tags/{{key}}/", show_tag),
        (f"{org}/issues/{{issue}}/tags/{{key}}/values/", list_tag_values),
        (f"{org}/issues/{{issue}}/notes/", list_notes),
        (f"{org}/issues/{{issue}}/comments/", list_notes),
        (f"{org}/eventids/{{event}}/", find_event),
        (f"{org}/events/", show_table),
        (f"{org}/events-timeseries/", show_series),
        (f"{org}/stats_v2/", show_outcomes),
        (f"{org}/releases/", list_releases),
        (f"{project}/keys/", list_keys),
    )
    writes: tuple[tuple[str, str, Handler], ...] = (
        ("PUT", f"{org}/issues/{{issue}}/", update_issue),
        ("POST", f"{org}/issues/{{issue}}/notes/", add_note),
        ("POST", f"{org}/issues/{{issue}}/comments/", add_note),
    )
    routes = [Route(path, api(handler), methods=["GET"]) for path, handler in reads]
    routes += [Route(path, api(handler), methods=[method]) for method, path, handler in writes]
    routes.append(Route("/api/{project}/envelope/", ingest, methods=["POST"]))
    app = Starlette(routes=routes, exception_handlers={404: _missing, 405: _missing})
    app.state.sentry = state
    return app


async def _guarded(request: Request, state: SentryState, handler: Handler) -> Response:
    if state.latency_s:
        await asyncio.sleep(state.latency_s)
    answer = _refusal(request, state)
    if answer is None:
        try:
            answer = await handler(request, state)
        except BadQuery as error:
            answer = problem(400, str(error))
    answer.headers.update(_limits())
    return _spoiled(answer, state)


def _refusal(request: Request, state: SentryState) -> Response | None:
    if state.status is not None:
        answer = problem(state.status, _DETAILS.get(state.status, "Internal Error"))
        if state.retry_after_s is not None:
            answer.headers["Retry-After"] = str(state.retry_after_s)
        return answer
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return problem(401, "Authentication credentials were not provided.")
    if token == state.build_token:
        return problem(403, FORBIDDEN)
    if token != state.token:
        return problem(401, "Invalid token")
    wanted = request.path_params.get("project", state.project)
    if request.path_params["organization"] != state.organization or wanted not in _names(state):
        return problem(404, MISSING)
    if any(each not in (*_names(state), "-1") for each in request.query_params.getlist("project")):
        return problem(403, FORBIDDEN)
    return None


async def _missing(_request: Request, _error: Exception) -> Response:
    return problem(404, MISSING)


def _names(state: SentryState) -> tuple[str, str]:
    return state.project, str(state.project_id)


def _limits() -> dict[str, str]:
    prefix = "X-Sentry-Rate-Limit"
    return {
        f"{prefix}-Limit": str(LIMIT),
        f"{prefix}-Remaining": str(LIMIT - 1),
        f"{prefix}-Reset": str(math.ceil(time()) + WINDOW_S),
        f"{prefix}-ConcurrentLimit": "25",
        f"{prefix}-ConcurrentRemaining": "24",
    }


def _spoiled(answer: Response, state: SentryState) -> Response:
    kept = {name: value for name, value in answer.headers.items() if name not in ("content-length", "content-type")}
    match state.body:
        case SentryBody.HTML:
            return HTMLResponse(DENIED_PAGE, status_code=state.status or 403, headers=kept)
        case SentryBody.TRUNCATED:
            half = bytes(answer.body)[: len(answer.body) // 2]
            return Response(half, answer.status_code, headers=kept, media_type="application/json")
        case SentryBody.INTACT:
            return answer


def _path(request: Request) -> str:
    return request.url.path.removeprefix(str(request.scope.get("root_path", "")))
