"""A stand-in for Vercel's REST API over one `Site`: transport, tokens, teams, limits; and what its operations do.

`/api/logs/request-logs` is served beside the rest; the real one lives on another host.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from time import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.site import Site
from sandbox.site.deployment import Deployment
from sandbox.vendors import vercel_logs
from sandbox.vendors.vercel_listing import select
from sandbox.vendors.vercel_payloads import TEAM_SLUG, detailed, is_rollback_candidate, project, variable
from sandbox.vendors.vercel_refusal import Refusal
from sandbox.vendors.vercel_state import Asked, VercelBody, VercelState

STREAM = "application/stream+json"
DEFAULT_RETRY_AFTER_S = 30
MINUTE_S = 60
CODES = {400: "bad_request", 401: "unauthorized", 403: "forbidden", 404: "not_found", 429: "rate_limited"}
BLOCKED_PAGE = "<!DOCTYPE html><title>429: Too Many Requests</title><h1>Vercel Security Checkpoint</h1>"

Operation = Callable[[Request], Awaitable[Response]]


def vercel_app(site: Site, token: str, *, state: VercelState | None = None) -> Starlette:
    """Serve Vercel's API for one project. The state is found again as `app.state.vercel`."""
    api = _Api(site)
    transport = _Transport(site, token, state or VercelState())
    routes = [
        Route(path, transport.guarded(f"{method} {path}", operation), methods=[method])
        for method, path, operation in (
            ("GET", "/v6/deployments", api.deployments),
            ("GET", "/v7/deployments", api.deployments),
            ("POST", "/v13/deployments", api.redeploy),
            ("GET", "/v13/deployments/{deployment}", api.deployment),
            ("PATCH", "/v12/deployments/{deployment}/cancel", api.cancel),
            ("GET", "/v3/deployments/{deployment}/events", api.events),
            ("GET", "/v1/projects/{project}/deployments/{deployment}/runtime-logs", transport.live(api)),
            ("GET", "/api/logs/request-logs", api.request_logs),
            ("GET", "/v10/projects/{project}/env", api.variables),
            ("GET", "/v9/projects/{project}", api.project),
            ("POST", "/v10/projects/{project}/promote/{deployment}", api.promote),
            ("POST", "/v1/projects/{project}/rollback/{deployment}", api.roll_back),
            ("POST", "/v9/projects/{project}/rollback/{deployment}", api.roll_back),
        )
    ]
    app = Starlette(routes=routes, exception_handlers={404: _unknown, 405: _unknown})
    app.state.vercel = transport.state
    return app


class _Transport:
    """What happens to a request before and after its operation."""

    def __init__(self, site: Site, token: str, state: VercelState) -> None:
        self._site = site
        self._token = token
        self.state = state
        self._minute, self._requests = 0, 0

    def guarded(self, name: str, operation: Operation) -> Operation:
        """The operation behind tokens, limits and knobs."""

        async def answer(request: Request) -> Response:
            self.state.journal.append(Asked(operation=name, query=dict(request.query_params)))
            limits, is_allowed = self._count()
            await asyncio.sleep(self.state.latency_s)
            try:
                self._check(request, is_allowed=is_allowed)
                found = await operation(request)
            except Refusal as refusal:
                found = _refused(refusal, self.state.retry_after_s)
            found = self._spoiled(found)
            found.headers.update(limits)
            return found

        return answer

    def live(self, api: _Api) -> Operation:
        """The live log stays open as long as the state allows."""

        async def operation(request: Request) -> Response:
            return await api.live(request, self.state.stream_s)

        return operation

    def _check(self, request: Request, *, is_allowed: bool) -> None:
        if not is_allowed:
            raise Refusal(429, "Too many requests - try again later")
        if self.state.status is not None:
            raise Refusal(self.state.status, "An unexpected error occurred")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secrets.compare_digest(token.encode(), self._token.encode()):
            raise Refusal(403, "Not authorized")
        query = request.query_params
        team = query.get("teamId") or query.get("slug") or query.get("ownerId")
        if team is None:
            raise Refusal(404, "Project not found.")
        if team not in (self._site.team_id, TEAM_SLUG):
            raise Refusal(403, "You don't have permission to access this resource.")

    def _count(self) -> tuple[dict[str, str], bool]:
        minute = int(time()) // MINUTE_S
        if minute != self._minute:
            self._minute, self._requests = minute, 0
        self._requests += 1
        left = self.state.per_minute - self._requests
        headers = {
            "X-RateLimit-Limit": str(self.state.per_minute),
            "X-RateLimit-Remaining": str(max(0, left)),
            "X-RateLimit-Reset": str((minute + 1) * MINUTE_S),
        }
        return headers, left >= 0

    def _spoiled(self, answer: Response) -> Response:
        if isinstance(answer, StreamingResponse):
            return answer
        kept = {name: value for name, value in answer.headers.items() if name == "retry-after"}
        match self.state.body:
            case VercelBody.HTML:
                return HTMLResponse(BLOCKED_PAGE, status_code=self.state.status or 429, headers=kept)
            case VercelBody.TRUNCATED:
                half = bytes(answer.body)[: len(answer.body) // 2]
                return Response(half, answer.status_code, headers=kept, media_type="application/json")
            case VercelBody.INTACT if self.state.renamed:
                renamed = _renamed(json.loads(bytes(answer.body) or b"null"), self.state.renamed)
                return JSONResponse(renamed, answer.status_code, headers=kept)
        return answer


class _Api:
    """The operations, each on the real site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def deployments(self, request: Request) -> Response:
        query = request.query_params
        if query.get("projectId") not in (None, self._site.project_id, self._site.name):
            raise Refusal(404, "Project not found.")
        return JSONResponse(select(self._site, query))

    async def deployment(self, request: Request) -> Response:
        return JSONResponse(detailed(self._site, self._deployment(request)))

    async def project(self, request: Request) -> Response:
        self._check_project(request)
        return JSONResponse(project(self._site))

    async def variables(self, request: Request) -> Response:
        self._check_project(request)
        found = [variable(each) for each in self._site.variables.all()]
        return JSONResponse({"envs": found, "pagination": {"count": len(found), "next": None, "prev": None}})

    async def events(self, request: Request) -> Response:
        deployment, query = self._deployment(request), request.query_params
        if query.get("follow") == "1":
            return StreamingResponse(vercel_logs.followed_events(deployment), media_type=STREAM)
        found = vercel_logs.build_events(deployment, query)
        if query.get("format") == "lines":
            return Response("".join(json.dumps(each) + "\n" for each in found), media_type=STREAM)
        return JSONResponse(found)

    async def live(self, request: Request, stream_s: float) -> Response:
        self._check_project(request)
        lines = vercel_logs.live(self._site, self._deployment(request), stream_s)
        return StreamingResponse(lines, media_type=STREAM)

    async def request_logs(self, request: Request) -> Response:
        if request.query_params.get("projectId") != self._site.project_id:
            raise Refusal(404, "Project not found.")
        return JSONResponse(vercel_logs.history(self._site, request.query_params))

    async def redeploy(self, request: Request) -> Response:
        body = await _body(request)
        if not body.get("name") or not body.get("deploymentId"):
            raise Refusal(400, "Invalid request: missing required property `name` or `deploymentId`.")
        old = self._site.find(str(body["deploymentId"]))
        if old is None:
            raise Refusal(404, "The deployment could not be found.")
        return JSONResponse(detailed(self._site, self._site.redeploy(old)))

    async def cancel(self, request: Request) -> Response:
        deployment = self._deployment(request)
        self._site.cancel(deployment)
        return JSONResponse(detailed(self._site, deployment))

    async def promote(self, request: Request) -> Response:
        deployment = await self._candidate(request)
        if self._site.alias == deployment.id:
            raise Refusal(409, "The deployment is already the current production deployment.")
        self._site.move_alias(deployment, "promote")
        return Response(status_code=201)

    async def roll_back(self, request: Request) -> Response:
        deployment = await self._candidate(request)
        if not is_rollback_candidate(self._site, deployment):
            raise Refusal(422, "The deployment is not a rollback candidate.")
        self._site.move_alias(deployment, "rollback")
        return Response(status_code=201)

    async def _candidate(self, request: Request) -> Deployment:
        self._check_project(request)
        await _body(request)
        deployment = self._deployment(request)
        if not deployment.is_ready or deployment.target != "production":
            raise Refusal(422, "The deployment is not a ready production deployment.")
        return deployment

    def _deployment(self, request: Request) -> Deployment:
        found = self._site.find(request.path_params["deployment"])
        if found is None:
            raise Refusal(404, "The deployment could not be found.")
        return found

    def _check_project(self, request: Request) -> None:
        if request.path_params["project"] not in (self._site.project_id, self._site.name):
            raise Refusal(404, "Project not found.")


async def _unknown(_request: Request, _error_seen: Exception) -> Response:
    return _refused(Refusal(404, "The requested API endpoint was not found."), None)


async def _body(request: Request) -> Mapping[str, object]:
    try:
        found = await request.json()
    except ValueError as error:
        raise Refusal(400, "Invalid JSON") from error
    if not isinstance(found, dict):
        raise Refusal(400, "Invalid JSON")
    return found


def _refused(refusal: Refusal, retry_after_s: int | None) -> Response:
    status = refusal.status
    error: dict[str, object] = {"code": CODES.get(status, "internal_server_error"), "message": str(refusal)}
    headers = {}
    if status == 429:
        wait_s = DEFAULT_RETRY_AFTER_S if retry_after_s is None else retry_after_s
        reset = int(time()) + wait_s
        error["limit"] = {"remaining": 0, "reset": reset, "resetMs": reset * 1000, "total": 600}
        headers["Retry-After"] = str(wait_s)
    return JSONResponse({"error": error}, status_code=status, headers=headers)


def _renamed(value: object, names: Mapping[str, str]) -> object:
    if isinstance(value, dict):
        return {key: _renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, names) for inner in value]
    return names.get(value, value) if isinstance(value, str) else value
