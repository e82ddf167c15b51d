"""What stands before the project's services: it knows the keys, and says so when the project is paused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.data.diary import DiaryLine
from sandbox.data.keys import ROLES, TokenExpired, TokenRefused
from sandbox.data.project import Project
from sandbox.data.refusals import bad_token
from sandbox.data.rest import Call, Reply

METHODS = ["GET", "HEAD", "POST", "PATCH", "DELETE", "PUT"]
PAUSED_PAGE = (
    '<!DOCTYPE html><html lang="en"><head><title>{ref}.supabase.co | 540: Project paused</title></head>'
    "<body><h1>Error 540</h1><p>This project is paused. Its owner can restore it in the dashboard.</p></body></html>"
)
NO_KEY = {"message": "No API key found in request", "hint": "No `apikey` request header or url param was found."}
BAD_KEY = {"message": "Invalid API key", "hint": "Double check your Supabase `anon` or `service_role` API key."}
SECRET_ONLY = {
    "message": "Access to schema is forbidden",
    "hint": "Accessing the schema via the Data API is only allowed using a secret API key.",
}
LOGIN_HEALTH = {"version": "v2.180.0", "name": "GoTrue", "description": "GoTrue is a user registration service"}


def gateway_app(project: Project) -> Starlette:
    """Serve a project's own address: `/rest/v1/…` and `/auth/v1/health`."""
    gateway = _Gateway(project)
    return Starlette(
        routes=[
            Route("/rest/v1/{path:path}", gateway.rest, methods=METHODS),
            Route("/auth/v1/health", gateway.login_health, methods=["GET"]),
        ]
    )


class _Gateway:
    def __init__(self, project: Project) -> None:
        self._project = project

    async def rest(self, request: Request) -> Response:
        """Everything of PostgREST's."""
        path = str(request.path_params["path"])
        reply = self._refused(request)
        if reply is None:
            role = self._project.keys.role_of(_key(request)) or ""
            if not path and role != "service_role":
                reply = _told(403, SECRET_ONLY)
            else:
                reply = await self._pass_on(request, path, role)
        return self._sent(request, reply)

    async def login_health(self, request: Request) -> Response:
        """The login service of the project; it answers as long as the project runs."""
        return self._sent(request, self._refused(request) or _told(200, LOGIN_HEALTH))

    def _refused(self, request: Request) -> Reply | None:
        project = self._project
        if project.is_paused:
            page = PAUSED_PAGE.format(ref=project.ref)
            return Reply(status=540, body=page.encode(), headers={"content-type": "text/html; charset=UTF-8"})
        key = _key(request)
        if not key:
            return _told(401, NO_KEY)
        return None if project.keys.role_of(key) else _told(401, BAD_KEY)

    async def _pass_on(self, request: Request, path: str, role: str) -> Reply:
        try:
            role, claims = self._identity(request, role)
        except TokenRefused as refused:
            refusal = bad_token(str(refused), is_expired=isinstance(refused, TokenExpired))
            return Reply(status=refusal.status, body=refusal.body)
        call = Call(
            method=request.method,
            path=path,
            query=[pair for pair in request.query_params.multi_items() if pair[0] != "apikey"],
            headers=request.headers,
            body=await request.body(),
            role=role,
            claims=claims,
        )
        return await self._project.rest.answer(call)

    def _identity(self, request: Request, role: str) -> tuple[str, Mapping[str, Any]]:
        """The role of the bearer: that of a key, or what a user's token says."""
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not bearer:
            return role, {}
        if known := self._project.keys.role_of(bearer):
            return known, {}
        claims = self._project.keys.claims_of(bearer)
        if claims.get("role") not in ROLES:
            raise TokenRefused(f'role "{claims.get("role")}" does not exist')
        return str(claims["role"]), claims

    def _sent(self, request: Request, reply: Reply) -> Response:
        project, path = self._project, request.url.path
        path = path[path.index("/", 1) :] if path.startswith("/supabase/") else path
        project.diary.append(
            DiaryLine(
                source="edge_logs",
                severity="INFO",
                message=f"{request.method} | {reply.status} | {project.ref}.supabase.co | {path}",
                attributes={
                    "request.method": request.method,
                    "request.path": path,
                    "response.status_code": str(reply.status),
                },
            )
        )
        headers = {"content-type": "application/json; charset=utf-8", "sb-project-ref": project.ref, **reply.headers}
        return Response(b"" if request.method == "HEAD" else reply.body, reply.status, headers=headers)


def _key(request: Request) -> str:
    return request.headers.get("apikey") or request.query_params.get("apikey", "")


def _told(status: int, body: Mapping[str, str]) -> Reply:
    return Reply(status=status, body=json.dumps(body).encode())
