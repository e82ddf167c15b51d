"""Who is logged in: a signed cookie, valid as long as the secret that signed it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import urlsplit

from sandbox.http import Request

COOKIE = "__Secure-authjs.session-token"


class MissingSecret(Exception):
    """Auth.js without a secret: every authentication route is an error of the server's configuration."""


class JwtSessionError(Exception):
    """A cookie that another secret signed."""


class Sessions:
    """Cookies of one deployment."""

    def __init__(self, secret: str, url: str) -> None:
        self._secret = secret
        self._host = urlsplit(url).netloc

    def begin(self, user: str) -> str:
        """`Set-Cookie` for a user who has just logged in.

        Raises:
            MissingSecret: NEXTAUTH_SECRET is not set.
        """
        body = base64.urlsafe_b64encode(json.dumps({"sub": user}).encode()).decode()
        return f"{COOKIE}={body}.{self._sign(body)}; Path=/; HttpOnly; Secure; SameSite=Lax"

    def user(self, request: Request) -> str | None:
        """Who sent a request; `None` without a cookie.

        Raises:
            MissingSecret: NEXTAUTH_SECRET is not set.
            JwtSessionError: the cookie is not of our signing.
        """
        pairs = (pair.strip().partition("=") for pair in request.headers.get("cookie", "").split(";"))
        token = next((value for name, _, value in pairs if name == COOKIE), None)
        if token is None:
            return None
        body, _, signature = token.partition(".")
        if not hmac.compare_digest(signature, self._sign(body)):
            raise JwtSessionError
        user: str = json.loads(base64.urlsafe_b64decode(body))["sub"]
        return user

    def is_ours(self, request: Request) -> bool:
        """Whether the browser is at the address logins are meant for; elsewhere their check fails."""
        return request.headers.get("x-forwarded-host", "") == self._host

    def _sign(self, body: str) -> str:
        if not self._secret:
            raise MissingSecret
        return hmac.new(self._secret.encode(), body.encode(), hashlib.sha256).hexdigest()
