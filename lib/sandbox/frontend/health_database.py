"""`/api/health/db`: five questions one after another, with the service-role key."""

from __future__ import annotations

import time

from sandbox.frontend.backends import Backends
from sandbox.frontend.replies import iso_now, json_reply
from sandbox.frontend.supabase import Supabase, SupabaseError
from sandbox.http import Answer, Request

TABLES = ("agents", "documents", "conversations", "organizations")
"""No migration creates `conversations`: its key is normally absent."""


async def database(backends: Backends, _request: Request) -> Answer:
    """Whether `agents` can be read, and how many rows some tables have."""
    began = time.monotonic()
    try:
        supabase = backends.probing_supabase()
        await supabase.select("agents")
        query_ms = _since_ms(began)
    except SupabaseError as error:
        backends.log("error", "Database health check failed", error=str(error), endpoint="/api/health/db")
        failed = {"status": "error", "healthy": False, "error": str(error), "response_time_ms": _since_ms(began)}
        return json_reply(failed, 503)
    tables = {table: count for table in TABLES if (count := await _count(supabase, table)) is not None}
    total_ms = _since_ms(began)
    return json_reply(
        {
            "status": "ok",
            "healthy": True,
            "timestamp": iso_now(),
            "response_time_ms": total_ms,
            "database": {"provider": "Supabase", "version": "unknown", "size": "unknown", "connected": True},
            "tables": tables,
            "performance": {"query_time_ms": query_ms, "status": _speed(total_ms)},
        }
    )


async def _count(supabase: Supabase, table: str) -> int | None:
    """Rows of a table; `None` when PostgREST refused, whose answer to HEAD says nothing; -1 for any other failure."""
    try:
        return await supabase.count(table)
    except SupabaseError as error:
        return -1 if str(error) else None


def _speed(total_ms: int) -> str:
    return "excellent" if total_ms < 100 else "good" if total_ms < 500 else "slow"


def _since_ms(began: float) -> int:
    return round(1000 * (time.monotonic() - began))
