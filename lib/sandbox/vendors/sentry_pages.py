"""Pages of Sentry's lists: a `Link` header with both directions, cursors, and whether there is more."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.vendors.sentry_search import BadQuery
from sandbox.vendors.sentry_state import SentryState

_CURSOR = re.compile(r"\d+:(\d+):[01]")
MOST_ROWS = 100


def paged(
    request: Request,
    rows: Sequence[dict[str, Any]],
    state: SentryState,
    *,
    name: str = "per_page",
    wrap: Callable[[Sequence[dict[str, Any]]], object] = lambda page: page,
) -> Response:
    """The page a request asks for. Raises BadQuery for a cursor or a size that is none."""
    size, start = _size(request.query_params.get(name), state), _offset(request.query_params.get("cursor"))
    answer = JSONResponse(wrap(rows[start : start + size]))
    before, after = max(0, start - size), start + size
    answer.headers["Link"] = ", ".join(
        (
            _link(request, "previous", f"0:{before}:1", has_rows=start > 0),
            _link(request, "next", f"0:{after}:0", has_rows=after < len(rows)),
        )
    )
    return answer


def _size(given: str | None, state: SentryState) -> int:
    if given is not None and not given.isdigit():
        raise BadQuery("Invalid per_page parameter.")
    asked = int(given) if given else MOST_ROWS
    if asked > MOST_ROWS:
        raise BadQuery(f"Invalid per_page value. Must be between 1 and {MOST_ROWS}.")
    return max(1, min(asked, state.page_size))


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise BadQuery("Invalid cursor parameter.")
    return int(match[1])


def _link(request: Request, rel: str, cursor: str, *, has_rows: bool) -> str:
    url = request.url.include_query_params(cursor=cursor)
    return f'<{url}>; rel="{rel}"; results="{str(has_rows).lower()}"; cursor="{cursor}"'
