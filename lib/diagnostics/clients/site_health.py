"""The site's `/api/health`, which answers 200 whatever its dependencies do, and `/api/health/db`.

Both forms are read: the older one knows neither `queue` nor `rateLimit`. What an answer does not mention is unknown.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from diagnostics.clients.http import Http, expect_ok, parse
from diagnostics.clients.payload import Payload
from diagnostics.clients.site import answer_of
from diagnostics.clients.site_words import trouble_of
from diagnostics.clients.worker import PATIENCE_S
from diagnostics.errors import ClientError, ClientTimeout, SchemaError
from diagnostics.readings import Dependency, FrontendHealth, SiteAnswer, Trouble
from diagnostics.settings import shown

HEALTH, SERVICE = "/api/health", "/api/health/db"
_WORDS = ("ok", "error", "skipped", "degraded", "healthy", "not_configured")


class _Health(Payload):
    status: str
    uptime: Annotated[float, Field(allow_inf_nan=False)] | None = None
    version: str | None = None
    overall_status: str | None = None
    database: str | None = None
    database_error: str | None = None
    redis: str | None = None
    redis_error: str | None = None
    rateLimit: str | None = None
    rateLimit_error: str | None = None
    queue: str | None = None
    queue_error: str | None = None
    openrouter: str | None = None
    openrouter_error: str | None = None


class _Service(Payload):
    status: str
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What `/api/health/db` showed; `drift` is the path of the field that was not as documented."""

    answer: SiteAnswer | None = None
    database: Dependency | None = None
    latency_s: float | None = None
    drift: str = ""


async def read_frontend_health(http: Http, base_url: str, *, timeout_s: float) -> tuple[FrontendHealth, str]:
    """Both addresses at once: the reading and a short excerpt.

    Silence and errors are observations: `/api/health` hangs when a warm instance has lost its Redis. Raises ClientError
    when the address cannot be reached, asks for credentials (deployment protection) or answers something else.
    """
    both = (_read_health(http, base_url, timeout_s), _read_service(http, base_url, timeout_s))
    # Neither is left running when the other fails.
    health, service = await asyncio.gather(*both, return_exceptions=True)
    failed = [each for each in (health, service) if isinstance(each, BaseException)]
    # What is no answer of the site, a bug of ours or a spent budget, comes before what is.
    if failed:
        raise next((error for error in failed if not isinstance(error, ClientError)), failed[0])
    assert isinstance(health, FrontendHealth) and isinstance(service, _Seen)
    seen = replace(
        health,
        service_answer=service.answer,
        service_database=service.database,
        service_latency_s=service.latency_s,
        service_drift=service.drift,
    )
    words = {name: getattr(health, name) for name in ("database", "redis", "rate_limit", "queue", "openrouter")}
    told = " ".join(f"{name}={found.status}" for name, found in words.items() if found)
    drift = f" {SERVICE}: field {service.drift} is not as documented" if service.drift else ""
    return seen, f"overall_status={health.overall_status} {told}".strip() + drift


async def _read_health(http: Http, base_url: str, timeout_s: float) -> FrontendHealth:
    where = f"GET {shown(base_url)}{HEALTH}"
    try:
        reply = await http.get(base_url + HEALTH, timeout_s=timeout_s)
    except ClientTimeout:
        if timeout_s < PATIENCE_S:
            raise
        return FrontendHealth(answer=SiteAnswer.SILENT, latency_s=timeout_s)
    answer, code = answer_of(reply)
    known = FrontendHealth(
        answer=answer, status_code=reply.status_code, latency_s=round(reply.latency_s, 3), edge_code=code
    )
    if answer is SiteAnswer.REFUSED:
        # The page asks nobody who they are: the whole deployment is protected, and we may not look.
        expect_ok(reply, where)
    if answer is not SiteAnswer.OK:
        return known
    body = parse(_Health, expect_ok(reply, where).json(where), where)
    return replace(
        known,
        uptime_s=body.uptime,
        version=body.version if re.fullmatch(r"[\w.+-]{1,40}", body.version or "") and body.version else "",
        is_newer_form=body.queue is not None or body.rateLimit is not None,
        overall_status=_word(body.overall_status) if body.overall_status else "",
        database=_dependency(body.database, body.database_error),
        redis=_dependency(body.redis, body.redis_error),
        rate_limit=_dependency(body.rateLimit, body.rateLimit_error),
        queue=_dependency(body.queue, body.queue_error),
        openrouter=_dependency(body.openrouter, body.openrouter_error),
    )


async def _read_service(http: Http, base_url: str, timeout_s: float) -> _Seen:
    """`/api/health/db`: 200 and 503 both carry its payload. What cannot be read of it leaves only itself unknown."""
    where = f"GET {shown(base_url)}{SERVICE}"
    try:
        reply = await http.get(base_url + SERVICE, timeout_s=timeout_s)
        answer, code = answer_of(reply)
        if reply.status_code not in (200, 503) or code:
            return _Seen(answer=answer, latency_s=round(reply.latency_s, 3))
        body = parse(_Service, reply.json(where), where)
    except ClientTimeout:
        return _Seen(answer=SiteAnswer.SILENT if timeout_s >= PATIENCE_S else None, latency_s=timeout_s)
    except SchemaError as error:
        return _Seen(answer=SiteAnswer.OK, drift=error.path)
    except ClientError:
        return _Seen()
    dependency = Dependency(status="ok") if reply.status_code == 200 else _dependency("error", body.error)
    return _Seen(answer=SiteAnswer.OK, database=dependency, latency_s=round(reply.latency_s, 3))


def _dependency(status: str | None, error: str | None) -> Dependency | None:
    if status is None:
        return None
    word = _word(status)
    trouble = (trouble_of(error or "") or Trouble.OTHER) if word == "error" else None
    return Dependency(status=word, trouble=trouble)


def _word(told: str) -> str:
    """One of the words the site uses; `other` for one that nobody has described."""
    return told if told in _WORDS else "other"
