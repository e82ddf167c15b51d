"""The pages: every one is rendered by the function, and the layout of every one needs the server's variables."""

from __future__ import annotations

from sandbox.frontend.backends import Backends
from sandbox.frontend.replies import html_reply, redirect
from sandbox.frontend.sessions import JwtSessionError
from sandbox.http import Answer, Request

TITLE = "GPT Agent Platform"


async def landing(backends: Backends, _request: Request) -> Answer:
    """The page everybody may see."""
    return _page(backends, "<h1>Agents that answer your customers</h1><a href='/login'>Log in</a>")


async def login(backends: Backends, _request: Request) -> Answer:
    """The login form."""
    return _page(backends, "<form method='post' action='/api/auth/callback/credentials'><input name='email'></form>")


async def dashboard(backends: Backends, request: Request) -> Answer:
    """What a customer works with; nobody is sent to the login page."""
    try:
        user = backends.sessions.user(request)
    except JwtSessionError:
        backends.log.console("error", "[auth][error] JWTSessionError: no matching decryption secret")
        user = None
    if user is None:
        return redirect("/login?callbackUrl=/dashboard")
    agents = await backends.server_supabase().select("agents", columns="id,name", limit=20)
    return _page(backends, "".join(f"<li>{each['name']}</li>" for each in agents))


def not_found() -> Answer:
    """Next.js's page for what does not exist."""
    return html_reply(_document("<h1>404</h1><h2>This page could not be found.</h2>", ""), 404)


def crashed(digest: str) -> Answer:
    """What is shown when rendering fails: the text of the error stays in the log."""
    text = "Application error: a server-side exception has occurred (see the server logs for more information)."
    return html_reply(_document(f"<h2>{text}</h2><p>Digest: {digest}</p>", ""), 500)


def _page(backends: Backends, body: str) -> Answer:
    backends.server_supabase()
    return html_reply(_document(body, backends.environ.get("VERCEL_GIT_COMMIT_SHA", "")[:12]))


def _document(body: str, build: str) -> str:
    script = f"<script src='/_next/static/chunks/main-{build}.js' async></script>" if build else ""
    return f"<!DOCTYPE html><html lang='en'><head><title>{TITLE}</title>{script}</head><body>{body}</body></html>"
