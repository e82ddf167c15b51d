"""Vercel's request log as its own command line reads it. No documented API: whatever fails is a limit, not an alarm."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from pydantic import Field

from diagnostics.clients.http import Http, expect_ok, parse
from diagnostics.clients.payload import Payload
from diagnostics.clients.routes import without_ids
from diagnostics.clients.site_words import missing_variable, trouble_of
from diagnostics.errors import ClientError
from diagnostics.profile import VercelSection
from diagnostics.readings import VercelRequests
from diagnostics.scope import Window

PATH = "/api/logs/request-logs"
_PAGES = 3
"""Pages read of all requests, and one more of those that failed."""
_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_PUBLIC, _LOGS = "api.vercel.com", "https://vercel.com"
"""The log is at another host than the API."""


class _Line(Payload):
    level: str = ""
    message: str = ""


class _Row(Payload):
    requestId: str = ""
    timestamp: datetime
    requestMethod: str = ""
    requestPath: str
    statusCode: Annotated[int, Field(ge=0, le=999)]
    logs: list[_Line] = Field(default_factory=list)


class _Rows(Payload):
    rows: list[_Row]
    hasMoreRows: bool = False


async def read_requests(
    http: Http, section: VercelSection, token: str, *, window: Window, timeout_s: float
) -> VercelRequests:
    """Requests of the window: the newest pages of all, and the newest page of those that failed with 5xx.

    What cannot be read gives `is_read=False` with its reason, never an error.
    """
    try:
        found: list[_Row] = []
        more = True
        for page in range(_PAGES):
            if more:
                answer = await _page(http, section, token, window=window, page=page, timeout_s=timeout_s)
                found, more = [*found, *answer.rows], answer.hasMoreRows
        failed = await _page(http, section, token, window=window, status="5xx", timeout_s=timeout_s) if more else None
    except ClientError as error:
        return VercelRequests(is_read=False, why_unread=str(error))
    oldest = min((_ms(row.timestamp) for row in found), default=_ms(window.until))
    since_ms = oldest if more else _ms(window.since)
    rows = {_identity(row): row for row in [*found, *(failed.rows if failed else [])]}
    told = _columns(rows.values(), since_ms=since_ms, until_ms=_ms(window.until))
    if failed is None or not failed.hasMoreRows:
        return replace(told, failures_since_ms=_ms(window.since))
    return replace(told, failures_since_ms=min([since_ms, *(_ms(row.timestamp) for row in failed.rows)]))


async def _page(
    http: Http, section: VercelSection, token: str, *, window: Window, timeout_s: float, page: int = 0, status: str = ""
) -> _Rows:
    query = {
        "projectId": section.project_id,
        "ownerId": section.team_id,
        "page": page,
        "startDate": _ms(window.since),
        "endDate": _ms(window.until),
        "environment": "production",
        **({"statusCode": status} if status else {}),
    }
    base = _LOGS if urlsplit(section.base_url).hostname == _PUBLIC else section.base_url
    where = f"GET {base}{PATH}"
    answer = await http.get(
        f"{base}{PATH}?{urlencode(query)}", timeout_s=timeout_s, headers={"Authorization": f"Bearer {token}"}
    )
    return parse(_Rows, expect_ok(answer, where).json(where), where)


def _columns(rows: Iterable[_Row], *, since_ms: int, until_ms: int) -> VercelRequests:
    ordered = sorted(rows, key=lambda row: row.timestamp)
    routes = [_route(row) for row in ordered]
    index = {route: n for n, route in enumerate(dict.fromkeys(routes))}
    return VercelRequests(
        is_read=True,
        since_ms=since_ms,
        until_ms=until_ms,
        routes=tuple(index),
        at_ms=tuple(_ms(row.timestamp) for row in ordered),
        route=tuple(index[route] for route in routes),
        status=tuple(row.statusCode for row in ordered),
        trouble=tuple(_trouble(row) for row in ordered),
        variables=tuple(dict.fromkeys(name for row in ordered if (name := missing_variable(_told(row))))),
    )


def _route(row: _Row) -> str:
    """The route, and its method where it is not one that only reads: reading may go on while writing hangs."""
    route = route_of(row.requestPath)
    return f"{row.requestMethod} {route}" if row.requestMethod in _WRITING else route


def route_of(path: str) -> str:
    """The path without query, and with `:id` for whatever looks like somebody's id."""
    parts = without_ids(urlsplit(path).path, placeholder=":id").split("/")[:8]
    return "/".join(p if p == ":id" or re.fullmatch(r"[\w.-]{0,40}", p) else "…" for p in parts)


def _trouble(row: _Row) -> str:
    if row.statusCode < 500:
        return ""
    found = trouble_of(_told(row))
    return found.value if found else ""


def _told(row: _Row) -> str:
    """The error lines of one request that failed."""
    lines = row.logs if row.statusCode >= 500 else []
    return "\n".join(line.message for line in lines if line.level in ("error", "fatal"))


def _identity(row: _Row) -> tuple[str, int, str]:
    return row.requestId, _ms(row.timestamp), row.requestPath


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
