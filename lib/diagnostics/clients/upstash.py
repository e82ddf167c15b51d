"""Redis over Upstash REST: the same reads in one HTTP request a pipeline.

Every command in it counts for the plan's quota, as over TCP. Nothing is asked to prove the connection: no PING.
Strings come in base64, since Redis holds bytes and JSON holds text.
Source: Upstash, Redis REST API.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from diagnostics.budget import Budget
from diagnostics.clients.http import Answer, Http, expect_ok
from diagnostics.clients.reader import Command, Reader, Shapes, permit, refusal
from diagnostics.errors import (
    ClientError,
    QuotaExhausted,
    RateLimited,
    SchemaError,
    SettingsError,
    Unauthorized,
)
from diagnostics.settings import shown

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PLACEHOLDER = re.compile(r"https?://(name|host|endpoint|x{3,}|your[^.]*)\.", re.IGNORECASE)
_FINAL = (Unauthorized, QuotaExhausted, RateLimited)
"""What no second request would change, and each one would make worse: Upstash slows clients that keep failing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestAddress:
    """Where the database answers over HTTP, and the token that opens it."""

    url: str
    token: str = field(repr=False)


def rest_address(url: tuple[str, str | None], token: tuple[str, str | None]) -> RestAddress | None:
    """The address in two variables, each given as name and value; `None` when neither is set.

    Raises: SettingsError, one line that names the variable and what is wrong with it, never its value.
    """
    if not url[1] and not token[1]:
        return None
    for (name, value), (other, _) in ((url, token), (token, url)):
        if not value:
            raise SettingsError(f"{other} is set, {name} is not: Upstash REST needs both")
        _one_word(name, value)
    address, secret = str(url[1]).rstrip("/"), str(token[1])
    _address(url[0], address)
    if "://" in secret:
        raise SettingsError(f"{token[0]} holds an address: the token is the other value on the REST page")
    return RestAddress(url=address, token=secret)


class UpstashReader(Reader):
    """Reads over HTTPS; requests may run side by side."""

    def __init__(self, http: Http, address: RestAddress, *, budget: Budget, timeout_s: float) -> None:
        self.where = shown(address.url)
        self._http = http
        self._url = f"{address.url}/pipeline"
        self._headers = {"Authorization": f"Bearer {address.token}", "Upstash-Encoding": "base64"}
        self._budget = budget
        self._timeout_s = timeout_s
        self._failure: ClientError | None = None
        self._shapes = Shapes(self.where)

    async def read(self, *commands: Command) -> list[Any]:
        """See `Reader.read`. Refused credentials and a spent quota are not tried again."""
        permit(commands)
        if self._failure:
            raise self._failure
        self._budget.spend_redis(len(commands))
        try:
            answer = await self._http.pipeline(
                self._url, commands=commands, headers=self._headers, timeout_s=self._timeout_s
            )
            return self._replies(commands, _items(answer, len(commands), self.where))
        except _FINAL as error:
            self._failure = error
            raise

    async def close(self) -> None:
        """Nothing to end: the run's HTTP client closes its own connections."""

    def _replies(self, commands: tuple[Command, ...], items: list[Any]) -> list[Any]:
        replies = [_reply(item, f"$[{number}]", self.where) for number, item in enumerate(items)]
        if spent := next((reply for reply in replies if isinstance(reply, QuotaExhausted)), None):
            raise spent
        return self._shapes.of(commands, replies)


def _items(answer: Answer, count: int, where: str) -> list[Any]:
    """One item for each command. Raises ClientError when the request as a whole was refused."""
    if not 200 <= answer.status_code < 300:
        _raise_spoken(answer, where)
    payload = expect_ok(answer, where).json(where)
    if not isinstance(payload, list) or len(payload) != count:
        raise SchemaError(f"{where}: field $ is not as documented ({count} replies)", path="$")
    return payload


def _raise_spoken(answer: Answer, where: str) -> None:
    """The server's own words decide before the status does: a spent quota comes as 400."""
    try:
        payload = json.loads(answer.body)
    except (ValueError, RecursionError):
        return
    message = payload.get("error") if isinstance(payload, dict) else None
    error = refusal(message, where) if isinstance(message, str) else None
    if isinstance(error, QuotaExhausted | Unauthorized):
        raise error


def _reply(item: Any, path: str, where: str) -> Any:
    """The reply in one item; an error object where the server refused that one command."""
    if isinstance(item, dict) and isinstance(item.get("error"), str):
        return refusal(item["error"], where)
    if not isinstance(item, dict) or "result" not in item:
        raise SchemaError(f"{where}: field {path}.result is missing", path=f"{path}.result")
    try:
        return _decoded(item["result"], f"{path}.result", where)
    except RecursionError:
        raise SchemaError(f"{where}: field {path}.result is not as documented", path=f"{path}.result") from None


def _decoded(value: Any, path: str, where: str) -> Any:
    """`value` as the TCP protocol would have given it: bytes, integer, `None` or a list of these."""
    match value:
        case None:
            return None
        case bool():
            pass
        case int():
            return value
        case float():
            # A score, which the protocol gives as text.
            return repr(value).encode()
        case "OK":
            # The one string that is never encoded; it is no base64 of anything either.
            return b"OK"
        case str():
            try:
                return base64.b64decode(value, validate=True)
            except (binascii.Error, ValueError):
                pass
        case list():
            return [_decoded(inner, f"{path}[{number}]", where) for number, inner in enumerate(value)]
    raise SchemaError(f"{where}: field {path} is not as documented", path=path)


def _one_word(name: str, value: str) -> None:
    if value[0] in "\"'" or value[-1] in "\"'":
        raise SettingsError(f"{name} has quotation marks around it: remove them")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise SettingsError(f"{name} has a space, a line break or a foreign letter in it: paste it again")
    if value[0] in "<[{$" or value.endswith(("...", "…")):
        raise SettingsError(f"{name} still holds a placeholder: copy it from the Upstash console, REST API")


def _address(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        is_complete = bool(parts.hostname) and (parts.port or 1) > 0 and not (parts.query or parts.username)
    except ValueError:
        is_complete = False
    if not is_complete or parts.scheme not in ("https", "http"):
        raise SettingsError(f"{name} must look like https://NAME.upstash.io")
    if _PLACEHOLDER.match(url):
        raise SettingsError(f"{name} still holds a placeholder: copy it from the Upstash console, REST API")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise SettingsError(f"{name} must begin with https://, else the token travels in the open")
