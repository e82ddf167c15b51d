"""A stand-in for Upstash's developer API: the database, its plan's limits and its usage, read from the real parts.

Usage is what the edge counted, memory what the server holds: nothing here is invented but the names.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.edge import Gate

DATABASE_ID = "93e3a3e0-5c1e-4d0a-9d3e-2f1f6f0c7a11"
UNLIMITED = 8_024_278_031_528_736_858
"""What the API gives as the request limit of a plan that has none. Source: the published description's example."""


@dataclass(slots=True, kw_only=True)
class UpstashAccount:
    """The account, and where its numbers come from."""

    email: str
    api_key: str
    gate: Gate
    memory: Callable[[], Awaitable[int | None]]
    """Bytes in use; `None` while the server is down."""
    memory_limit: int
    """Bytes that the plan allows."""
    state: str = "active"
    calls: Counter[str] = field(default_factory=Counter)
    """Requests received so far, refused ones included, by method and path."""


def upstash_developer_app(account: UpstashAccount) -> Starlette:
    """Serve the API under `/v2`."""
    routes = [
        Route("/v2/redis/databases", _databases, methods=["GET"]),
        Route("/v2/redis/database/{id}", _database, methods=["GET"]),
        Route("/v2/redis/stats/{id}", _stats, methods=["GET"]),
    ]
    app = Starlette(routes=routes, exception_handlers={404: _missing, 405: _missing})
    app.state.account = account
    return app


async def _databases(request: Request) -> Response:
    account = _account(request)
    return _refusal(request) or JSONResponse([_described(account, has_credentials=True)])


async def _database(request: Request) -> Response:
    account = _account(request)
    if refusal := _refusal(request):
        return refusal
    if request.path_params["id"] != DATABASE_ID:
        return JSONResponse("database not found", status_code=404)
    is_hidden = request.query_params.get("credentials") == "hide"
    return JSONResponse(_described(account, has_credentials=not is_hidden))


async def _stats(request: Request) -> Response:
    account = _account(request)
    if refusal := _refusal(request):
        return refusal
    if request.path_params["id"] != DATABASE_ID:
        return JSONResponse("database not found", status_code=404)
    used = await account.memory()
    if used is None:
        return JSONResponse("internal server error", status_code=500)
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f +0000 UTC")
    usage = account.gate.usage
    return JSONResponse(
        {
            "daily_net_commands": usage,
            "daily_read_requests": usage // 2,
            "daily_write_requests": usage - usage // 2,
            "total_monthly_requests": usage,
            "current_storage": used,
            "total_monthly_billing": 0.0,
            "throughput": [{"x": at, "y": 0.0}],
            "dailyrequests": [{"x": at, "y": usage}],
            "days": [],
            "command_counts": [],
        }
    )


def _described(account: UpstashAccount, *, has_credentials: bool) -> dict[str, Any]:
    limit = account.gate.daily_limit
    described = {
        "database_id": DATABASE_ID,
        "database_name": "gpt-agent-queue",
        "region": "global",
        "primary_region": "eu-west-1",
        "read_regions": [],
        "type": "payg" if limit is None else "free",
        "state": account.state,
        "endpoint": "localhost",
        "port": 6379,
        "tls": True,
        "eviction": False,
        "auto_upgrade": False,
        "creation_time": 1_752_649_602,
        "modifying_state": "",
        "budget": 20,
        "db_max_clients": 10_000,
        "db_max_request_size": 10_485_760,
        "db_max_entry_size": 104_857_600,
        "db_memory_threshold": account.memory_limit,
        "db_disk_threshold": 107_374_182_400,
        "db_max_commands_per_second": 10_000,
        "db_request_limit": UNLIMITED if limit is None else limit,
    }
    if has_credentials:
        described |= {"password": secrets.token_hex(16), "rest_token": secrets.token_hex(16)}
    return described


def _refusal(request: Request) -> Response | None:
    account = _account(request)
    account.calls[f"{request.method} {request.url.path}"] += 1
    scheme, _, told = request.headers.get("authorization", "").partition(" ")
    try:
        email, _, key = base64.b64decode(told).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        email = key = ""
    is_known = secrets.compare_digest(f"{email}:{key}".encode(), f"{account.email}:{account.api_key}".encode())
    if scheme.lower() != "basic" or not is_known:
        return JSONResponse("Unauthorized", status_code=401)
    return None


async def _missing(_request: Request, _error: Exception) -> Response:
    return JSONResponse("not found", status_code=404)


def _account(request: Request) -> UpstashAccount:
    account = request.app.state.account
    assert isinstance(account, UpstashAccount)
    return account
