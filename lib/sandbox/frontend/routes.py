"""The ordinary API: agents, organizations, conversations, logging in."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qs

from sandbox.frontend import defects, health, health_database, pages
from sandbox.frontend.backends import Backends
from sandbox.frontend.releases import Release
from sandbox.frontend.replies import json_reply, redirect, refusal
from sandbox.frontend.sessions import JwtSessionError, MissingSecret
from sandbox.http import Answer, Request

Route = Callable[[Backends, Request], Awaitable[Answer]]
BAD_CONFIGURATION = "There was a problem with the server configuration. Check the server logs for more information."


class Unauthorized(Exception):
    """The request needs a login."""


async def agents(backends: Backends, _request: Request) -> Answer:
    """Agents of the organization; without a login those of the default one."""
    rows = await backends.server_supabase().select("agents", columns="id,org_id,name", limit=50)
    return json_reply({"success": True, "data": rows})


async def organizations(backends: Backends, _request: Request) -> Answer:
    """Names of the organizations."""
    rows = await backends.server_supabase().select("organizations", columns="id,name", limit=50)
    return json_reply({"success": True, "data": rows})


async def conversations(backends: Backends, request: Request) -> Answer:
    """Conversations of the one who asks."""
    _check_login(backends, request)
    rows = await backends.server_supabase().select("agent_conversations", columns="id,agent_id", limit=20)
    return json_reply({"success": True, "data": rows})


async def start_conversation(backends: Backends, request: Request) -> Answer:
    """Write down that a conversation began, and let the model greet."""
    _check_login(backends, request)
    body = json.loads(request.body or b"{}")
    row = {"org_id": body.get("organizationId"), "agent_id": body.get("agentId")}
    await backends.server_supabase().insert("agent_conversations", row)
    greeting = await backends.openrouter().chat("Greet the customer.")
    return json_reply({"success": True, "data": {"message": greeting}}, 201)


async def session(backends: Backends, request: Request) -> Answer:
    """Who is logged in; `null` for nobody."""
    try:
        user = backends.sessions.user(request)
    except MissingSecret:
        return _misconfigured(backends)
    except JwtSessionError:
        backends.log.console("error", "[auth][error] JWTSessionError: no matching decryption secret")
        user = None
    return json_reply({"user": {"name": user}} if user else None)


async def log_in(backends: Backends, request: Request) -> Answer:
    """Take a login. At an address that is not NEXTAUTH_URL the browser ends at the login page again."""
    if not backends.sessions.is_ours(request):
        backends.log.console("error", "[auth][error] MissingCSRF: CSRF token was missing during an action callback")
        return redirect("/login?error=MissingCSRF")
    user = parse_qs(request.body.decode(errors="replace")).get("email", ["somebody"])[0]
    try:
        cookie = backends.sessions.begin(user)
    except MissingSecret:
        return _misconfigured(backends)
    return redirect("/dashboard", {"Set-Cookie": cookie})


async def metrics(_backends: Backends, _request: Request) -> Answer:
    """For administrators; no variable of production makes anybody one."""
    return refusal(401, "Unauthorized")


ROUTES: Mapping[tuple[str, str], Route] = {
    ("GET", "/"): pages.landing,
    ("GET", "/login"): pages.login,
    ("GET", "/dashboard"): pages.dashboard,
    ("GET", "/api/health"): health.health,
    ("GET", "/api/health/ready"): health.ready,
    ("GET", "/api/health/db"): health_database.database,
    ("GET", "/api/health/redis"): health.redis,
    ("GET", "/api/health/services"): health.services,
    ("GET", "/api/metrics"): metrics,
    ("GET", "/api/agents"): agents,
    ("GET", "/api/organizations"): organizations,
    ("GET", "/api/conversations"): conversations,
    ("POST", "/api/conversations"): start_conversation,
    ("GET", "/api/auth/session"): session,
    ("POST", "/api/auth/callback/credentials"): log_in,
}


def routes_of(release: Release) -> Mapping[tuple[str, str], Route]:
    """The routes of a release: everybody's, and its own mistakes."""
    return {**ROUTES, **{("GET", path): getattr(defects, name) for path, name in release.defects}}


def _check_login(backends: Backends, request: Request) -> None:
    try:
        user = backends.sessions.user(request)
    except JwtSessionError as error:
        backends.log.console("error", "[auth][error] JWTSessionError: no matching decryption secret")
        raise Unauthorized("Unauthorized") from error
    if user is None:
        raise Unauthorized("Unauthorized")


def _misconfigured(backends: Backends) -> Answer:
    backends.log.console("error", "[auth][error] MissingSecret: Please define a `secret`.")
    return json_reply({"message": BAD_CONFIGURATION}, 500)
