"""The project's API keys and the tokens of its users: text in, database role out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ROLES = ("anon", "authenticated", "service_role")
TEN_YEARS_S = 10 * 365 * 24 * 3600


class TokenRefused(Exception):
    """A bearer token that PostgREST does not take; the text is its own."""


class TokenExpired(TokenRefused):
    """A token that was good once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """One key as the dashboard lists it."""

    id: str
    name: str
    role: str
    text: str


@dataclass(slots=True, kw_only=True)
class Keyring:
    """Every key in force. A key that is not here is not known, whatever it looks like."""

    project_ref: str
    keys: list[ApiKey] = field(default_factory=list)
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(40))

    def issue(self, role: str, name: str) -> str:
        """A new key: the older form, a signed token, for the public role, `sb_secret_…` for the other."""
        text = self.token({"role": role}) if role == "anon" else new_secret_key()
        self.keys.append(ApiKey(id=secrets.token_hex(16), name=name, role=role, text=text))
        return text

    def revoke(self, text: str) -> None:
        """From now on nobody knows that key."""
        self.keys = [key for key in self.keys if key.text != text]

    def role_of(self, text: str) -> str | None:
        """The role a key stands for; `None` when it is not in force."""
        given = text.encode()
        return next((key.role for key in self.keys if hmac.compare_digest(key.text.encode(), given)), None)

    def token(self, claims: Mapping[str, Any], lifetime_s: float = TEN_YEARS_S) -> str:
        """A token signed with the project's secret, as its login service gives one to a user."""
        now = int(time.time())
        body = {"iss": "supabase", "ref": self.project_ref, "iat": now, "exp": int(now + lifetime_s), **claims}
        signed = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(body)}"
        return f"{signed}.{self._signature(signed)}"

    def claims_of(self, token: str) -> Mapping[str, Any]:
        """What a token says, its signature proved.

        Raises:
            TokenRefused: not a token, or not one of ours.
            TokenExpired: it was ours.
        """
        signed, _, signature = token.rpartition(".")
        if signed.count(".") != 1:
            raise TokenRefused("Expected 3 parts in JWT; got " + str(token.count(".") + 1))
        if not hmac.compare_digest(self._signature(signed).encode(), signature.encode()):
            raise TokenRefused("No suitable key or wrong key type")
        claims: dict[str, Any] = json.loads(_decode(signed.partition(".")[2]))
        if claims["exp"] < time.time():
            raise TokenExpired("JWT expired")
        return claims

    def _signature(self, signed: str) -> str:
        digest = hmac.new(self._secret, signed.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def new_secret_key() -> str:
    """A key of the newer form; unknown to every project until it is issued."""
    return f"sb_secret_{secrets.token_urlsafe(24)}_{secrets.token_urlsafe(30)}"


def new_project_ref() -> str:
    """Twenty lower-case letters."""
    return "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(20))


def _encode(part: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part, separators=(",", ":")).encode()).rstrip(b"=").decode()


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
