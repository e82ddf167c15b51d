"""`/api/health` and its relatives: what each asks, and what each hides."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.frontend.backends import VERSION, Backends
from sandbox.frontend.cache_error import CacheError
from sandbox.frontend.openrouter import ExternalServiceError
from sandbox.frontend.replies import iso_now, json_reply
from sandbox.frontend.supabase import SupabaseError
from sandbox.frontend.upstash import UpstashError
from sandbox.http import Answer, Request

if TYPE_CHECKING:
    from sandbox.frontend.cache import Cache

QUEUE = "app-jobs"
"""The frontend's own queue; the worker consumes another one."""
NO_REDIS_URL = "Redis URL not configured - queue operations unavailable"
STARTED_AT = time.monotonic()

Fields = dict[str, object]


async def health(backends: Backends, request: Request) -> Answer:
    """Everything the frontend depends on, one after another. It is 200 whatever they answer."""
    if request.method == "HEAD":
        return Answer(status=200)
    fields: Fields = {
        "status": "ok",
        "timestamp": iso_now(),
        "uptime": _uptime_s(),
        "version": VERSION,
        "environment": backends.environment,
    }
    for look in (_database, _redis, _rate_limit, _queue, _openrouter):
        fields |= await look(backends)
    is_degraded = any(fields[name] == "error" for name in ("database", "redis", "rateLimit", "queue", "openrouter"))
    return json_reply({**fields, "overall_status": "degraded" if is_degraded else "healthy"})


async def ready(_backends: Backends, _request: Request) -> Answer:
    """The process answers; nothing else is asked."""
    resident = _resident_bytes()
    memory = {"rss": resident, "heapTotal": resident // 2, "heapUsed": resident // 3, "external": 0, "arrayBuffers": 0}
    return json_reply({"status": "ready", "timestamp": iso_now(), "uptime": _uptime_s(), "memory": memory})


async def redis(backends: Backends, _request: Request) -> Answer:
    """The TCP client only: without REDIS_URL it fails although nothing is wrong."""
    began = time.monotonic()
    stats = await _cache_stats(backends.cache)
    ping_ms = _since_ms(began)
    if stats is None:
        backends.log("error", "Redis health check failed", endpoint="/api/health/redis")
        return json_reply({"status": "error", "healthy": False, "error": "Redis health check failed"}, 503)
    speed = "excellent" if ping_ms < 50 else "good" if ping_ms < 100 else "slow"
    return json_reply(
        {
            "status": "ok",
            "healthy": True,
            "redis": {"connected": True, "backend": "Redis", "stats": stats},
            "performance": {"ping_time_ms": ping_ms, "status": speed},
        }
    )


async def services(backends: Backends, _request: Request) -> Answer:
    """The services outside, one by one; 503 when one of them fails."""
    found = [await _openrouter_service(backends), _openai_service(backends), await _supabase_service(backends)]
    counted = {
        status: sum(each["status"] == status for each in found)
        for status in ("ok", "error", "degraded", "not_configured")
    }
    payload = {
        "status": "error" if counted["error"] else "ok",
        "timestamp": iso_now(),
        "services": found,
        "summary": {"total": len(found), **counted},
    }
    return json_reply(payload, 503 if counted["error"] else 200)


async def _database(backends: Backends) -> Fields:
    """With the public key: it says nothing about the key the API uses, and an empty answer is fine."""
    try:
        await backends.public_supabase().select("organizations")
    except SupabaseError as error:
        return {"database": "error", "database_error": str(error)}
    return {"database": "ok"}


async def _redis(backends: Backends) -> Fields:
    if backends.cache is None:
        return {"redis": "skipped"}
    stats = await _cache_stats(backends.cache)
    if stats is None:
        backends.log("error", "Cache stats error")
        return {"redis": "error", "redis_error": "Cache health check failed"}
    return {"redis": "ok", "redis_dbSize": stats["dbSize"]}


async def _rate_limit(backends: Backends) -> Fields:
    """The only question that really goes to Upstash."""
    redis_rest = backends.upstash()
    if redis_rest is None:
        return {"rateLimit": "error", "rateLimit_error": "Redis client not initialized"}
    try:
        await redis_rest.command("PING")
    except UpstashError as error:
        return {"rateLimit": "error", "rateLimit_error": str(error)}
    return {"rateLimit": "ok"}


async def _queue(backends: Backends) -> Fields:
    if backends.cache is None:
        backends.log("warn", "Redis not available, queue operations will fail")
        return {"queue": "error", "queue_error": NO_REDIS_URL}
    try:
        counts = await backends.cache.queue_counts(QUEUE)
    except CacheError as error:
        return {"queue": "error", "queue_error": str(error)}
    return {"queue": "ok", "queue_stats": json.dumps(counts, separators=(",", ":"))}


async def _openrouter(backends: Backends) -> Fields:
    try:
        status = await backends.openrouter().list_models()
    except ExternalServiceError as error:
        return {"openrouter": "error", "openrouter_error": str(error)}
    if status != 200:
        return {"openrouter": "error", "openrouter_status": status, "openrouter_error": f"HTTP {status}"}
    return {"openrouter": "ok", "openrouter_status": status}


async def _openrouter_service(backends: Backends) -> Mapping[str, object]:
    if not backends.environ.get("OPENROUTER_API_KEY"):
        return {"name": "OpenRouter", "status": "not_configured", "message": "OPENROUTER_API_KEY is not configured"}
    began = time.monotonic()
    try:
        status = await backends.openrouter().list_models()
    except ExternalServiceError as error:
        return {"name": "OpenRouter", "status": "error", "response_time_ms": _since_ms(began), "error": str(error)}
    return _service("OpenRouter", status, began, is_fine=status == 200)


def _openai_service(backends: Backends) -> Mapping[str, object]:
    """The platform's OpenAI account is not part of the sandbox: with a key there is nobody to ask."""
    is_configured = bool(backends.environ.get("OPENAI_API_KEY"))
    message = "OPENAI_API_KEY is not configured"
    return {"name": "OpenAI", "status": "error" if is_configured else "not_configured", "message": message}


async def _supabase_service(backends: Backends) -> Mapping[str, object]:
    """The address alone: a refused key counts as fine."""
    began = time.monotonic()
    try:
        status = await backends.probing_supabase().status()
    except SupabaseError as error:
        return {"name": "Supabase", "status": "error", "response_time_ms": _since_ms(began), "error": str(error)}
    return _service("Supabase", status, began, is_fine=status in (200, 401))


def _service(name: str, status: int, began: float, *, is_fine: bool) -> Mapping[str, object]:
    found: Fields = {"name": name, "status": "ok" if is_fine else "error", "response_time_ms": _since_ms(began)}
    found["status_code"] = status
    return found if is_fine else {**found, "error": f"HTTP {status}"}


async def _cache_stats(cache: Cache | None) -> Fields | None:
    """Size and INFO; `None` when there is no client or it failed, the reason being lost."""
    if cache is None:
        return None
    try:
        size = int(await cache.command("DBSIZE"))
        return {"dbSize": size, "info": str(await cache.command("INFO", "server"))[:200]}
    except CacheError:
        return None


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _uptime_s() -> float:
    return round(time.monotonic() - STARTED_AT, 6)


def _since_ms(began: float) -> int:
    return round(1000 * (time.monotonic() - began))
