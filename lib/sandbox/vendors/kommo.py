"""A stand-in for Kommo's OAuth endpoint: accounts whose customers may revoke our access.

Unlike the real one it gives the same refresh token back: nothing here depends on its rotation.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

LIFETIME_S = 86_400


@dataclass(slots=True, kw_only=True)
class KommoState:
    """What a fault may change while the stand-in runs."""

    revoked: set[str] = field(default_factory=set)
    """Refresh tokens that customers have revoked."""
    refusals: int = 0
    """Calls still to be answered 502: a passing trouble of Kommo's own."""


def kommo_app(state: KommoState) -> Starlette:
    """Serve the OAuth endpoint as `state` says."""

    async def access_token(request: Request) -> Response:
        if state.refusals:
            state.refusals -= 1
            return Response(status_code=502)
        body = await request.json()
        token = body.get("refresh_token")
        if body.get("grant_type") != "refresh_token" or not token:
            return _problem("Wrong parameters")
        if token in state.revoked:
            return _problem("Token has been revoked")
        return JSONResponse(
            {
                "token_type": "Bearer",
                "expires_in": LIFETIME_S,
                "access_token": secrets.token_urlsafe(32),
                "refresh_token": token,
            }
        )

    return Starlette(routes=[Route("/oauth2/access_token", access_token, methods=["POST"])])


def _problem(hint: str) -> Response:
    body = {"hint": hint, "title": "Bad Request", "status": 400, "detail": "Cannot decrypt the refresh token"}
    return JSONResponse(body, status_code=400, media_type="application/problem+json")
