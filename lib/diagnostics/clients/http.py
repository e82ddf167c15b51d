"""The one HTTP client: reads only, bounded in time and size, foreign errors mapped once."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from diagnostics.budget import Budget
from diagnostics.clients.documents import DOCUMENTS
from diagnostics.clients.pulse import Pulse
from diagnostics.clients.reader import Command, permit
from diagnostics.errors import (
    BadStatus,
    ClientError,
    ClientTimeout,
    ConnectFailed,
    NameUnresolved,
    OperationRefused,
    Oversized,
    RateLimited,
    SchemaError,
    Unauthorized,
)
from diagnostics.settings import shown

MAX_BYTES = 4 * 1024 * 1024
P = TypeVar("P", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A complete HTTP answer. `elapsed_s` runs from the request to the last byte, `held_s` of it we did not run."""

    status_code: int
    content_type: str
    headers: Mapping[str, str]
    body: bytes
    elapsed_s: float
    held_s: float = 0.0

    @property
    def latency_s(self) -> float:
        """How long the other side took at least: without the time in which our own process stood still."""
        return max(0.0, self.elapsed_s - self.held_s)

    def json(self, where: str) -> Any:
        """The body as JSON. Raises SchemaError when it is HTML, cut short or not JSON at all."""
        if "html" in self.content_type or self.body.lstrip()[:1] == b"<":
            raise SchemaError(f"{where} answered a web page instead of JSON", path="$")
        try:
            return json.loads(self.body, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise SchemaError(f"{where} answered JSON that is cut short or malformed", path="$") from None


class Http:
    """Reads over HTTP within a budget. One per run."""

    def __init__(self, client: httpx.AsyncClient, budget: Budget, pulse: Pulse | None = None) -> None:
        self._client = client
        self._budget = budget
        self._pulse = pulse or Pulse()

    async def get(self, url: str, *, timeout_s: float, headers: Mapping[str, str] | None = None) -> Answer:
        """GET `url`. Raises ClientError; any status is an answer, not an error."""
        return await self._send(self._client.build_request("GET", url, headers=headers), timeout_s)

    async def query(
        self,
        url: str,
        *,
        name: str,
        variables: Mapping[str, object],
        headers: Mapping[str, str],
        timeout_s: float,
    ) -> Answer:
        """POST a GraphQL query of `documents.py`; there is no way to send another one."""
        if name not in DOCUMENTS:
            raise OperationRefused(f"no GraphQL query is called {name!r}")
        body = {"query": DOCUMENTS[name], "variables": dict(variables)}
        return await self._send(self._client.build_request("POST", url, json=body, headers=headers), timeout_s)

    async def pipeline(
        self, url: str, *, commands: Sequence[Command], headers: Mapping[str, str], timeout_s: float
    ) -> Answer:
        """POST Redis commands, permitted reads only."""
        permit(commands)
        body = [[str(word) for word in command] for command in commands]
        return await self._send(self._client.build_request("POST", url, json=body, headers=headers), timeout_s)

    async def _send(self, request: httpx.Request, timeout_s: float) -> Answer:
        self._budget.spend_http()
        where = f"{request.method} {shown(str(request.url))}"
        request.extensions = {**request.extensions, "timeout": _phases(timeout_s)}
        started, held_s = time.monotonic(), self._pulse.held_s()
        try:
            # httpx bounds each read; a server that drips bytes is bounded only by the whole.
            async with asyncio.timeout(timeout_s):
                response = await self._client.send(request, stream=True)
                try:
                    body = await _bounded(response, where)
                finally:
                    await asyncio.shield(response.aclose())
        except TimeoutError:
            raise ClientTimeout(f"{where}: no complete answer within {timeout_s:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise mapped(error, where) from error
        return Answer(
            status_code=response.status_code,
            content_type=response.headers.get("content-type", ""),
            headers=response.headers,
            body=body,
            elapsed_s=time.monotonic() - started,
            held_s=self._pulse.held_s() - held_s,
        )


@asynccontextmanager
async def open_http(budget: Budget, *, trust: Mapping[str, ssl.SSLContext] | None = None) -> AsyncIterator[Http]:
    """An `Http` whose connections are closed on leaving. `trust`: what vouches for an origin of its own authority."""
    headers = {"User-Agent": "gpt-agent-runbooks", "Accept": "application/json"}
    mounts = {origin: httpx.AsyncHTTPTransport(verify=context) for origin, context in (trust or {}).items()}
    async with httpx.AsyncClient(
        headers=headers, follow_redirects=False, mounts=mounts, verify=_public_authorities()
    ) as client:
        pulse = Pulse()
        beating = asyncio.create_task(pulse.beat())
        try:
            yield Http(client, budget, pulse)
        finally:
            beating.cancel()


@cache
def _public_authorities() -> ssl.SSLContext:
    """Whom everybody trusts; reading their file takes tens of milliseconds, once a process is enough."""
    return httpx.create_ssl_context()


def mapped(error: Exception, where: str) -> ClientError:
    """Our error for a foreign one; most specific first."""
    match error:
        case httpx.ConnectTimeout():
            return ConnectFailed(f"{where}: no connection in time")
        case httpx.ConnectError() if _is_resolution(error):
            return NameUnresolved(f"{where}: the host name does not resolve")
        case httpx.ConnectError():
            return ConnectFailed(f"{where}: the connection is refused or cannot be secured")
        case httpx.TimeoutException():
            return ClientTimeout(f"{where}: no complete answer in time")
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return ConnectFailed(f"{where}: the address is not valid")
        case _:
            return ConnectFailed(f"{where}: the connection broke ({type(error).__name__})")


def expect_ok(answer: Answer, where: str) -> Answer:
    """`answer` if its status is 200-299; else the error that the status means."""
    code = answer.status_code
    if 200 <= code < 300:
        return answer
    if code in (401, 403):
        raise Unauthorized(f"{where} answered {code}: the credentials are missing, wrong or not permitted")
    if code == 429:
        raise RateLimited(f"{where} answered 429: too many requests", retry_after_s=retry_after(answer.headers))
    raise BadStatus(f"{where} answered {code}", status_code=code)


def parse(model: type[P], payload: object, where: str) -> P:
    """`payload` as `model`. Raises SchemaError with the path of the first field that does not fit."""
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(str(part) for part in detail["loc"]) or "$"
        raise SchemaError(f"{where}: field {path} is {_drift(detail['type'])}", path=path) from None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by `Retry-After`, given as seconds or as an HTTP date."""
    value = headers.get("retry-after", "").strip()
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def _drift(kind: str) -> str:
    return "missing" if kind == "missing" else f"not as documented ({kind.replace('_', ' ')})"


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _phases(timeout_s: float) -> dict[str, float]:
    return {"connect": min(timeout_s * 0.8, 5.0), "read": timeout_s, "write": timeout_s, "pool": timeout_s}


async def _bounded(response: httpx.Response, where: str) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > MAX_BYTES:
            raise Oversized(f"{where}: the answer is larger than {MAX_BYTES // 1024**2} MiB")
        chunks.append(chunk)
    return b"".join(chunks)


def _is_resolution(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, socket.gaierror):
            return True
        error = error.__cause__ or error.__context__
    return "Name or service not known" in str(error)
