"""The site's pages and endpoints, as a visitor without a session meets them: GET only, no redirect followed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from diagnostics.clients.http import Answer, Http
from diagnostics.clients.site_words import edge_code, missing_variable, trouble_of
from diagnostics.clients.worker import PATIENCE_S
from diagnostics.errors import ClientTimeout, ConnectFailed
from diagnostics.readings import UNAVAILABLE, PathAnswers, SiteAnswer

READY = "/api/health/ready"
"""Touches no dependency and passes no middleware: the liveness reference. Source: the platform's contract 3.2."""
_ACCEPT = {"page": "text/html,*/*;q=0.5"}
_CODE = re.compile(r"[A-Z][A-Z_]{2,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """One GET: what came, and when it was complete."""

    answer: SiteAnswer
    reply: Answer | None = None
    code: str = ""


async def read_path(http: Http, url: str, *, kind: str, times: int, timeout_s: float) -> PathAnswers:
    """GET `url` up to `times` times, one after another and all within `timeout_s`; a silent address is not asked again.

    Any answer is an observation. Raises ClientError where the first request brought none.
    """
    tries: list[_Try] = []
    for _ in range(times):
        try:
            tries.append(await _once(http, url, kind, timeout_s))
        except ConnectFailed:
            if not tries:
                raise
            tries.append(_Try(answer=SiteAnswer.BROKEN))
        spent_s = sum(t.reply.elapsed_s for t in tries if t.reply)
        is_slow = tries[-1].reply is None or spent_s + tries[-1].reply.elapsed_s > timeout_s
        if is_slow:
            break
    return _summed(urlsplit(url).path or "/", kind, tries)


def answer_of(reply: Answer) -> tuple[SiteAnswer, str]:
    """What an HTTP answer of the site means, and the edge's code where it carries one."""
    told = reply.headers.get("x-vercel-error", "").strip().upper()
    status = reply.status_code
    code = told if _CODE.fullmatch(told) else edge_code(text_of(reply)) if status >= 400 else ""
    match status:
        case 401 | 403:
            return SiteAnswer.REFUSED, code
        case 429:
            return SiteAnswer.RATE_LIMITED, code
        case 404:
            return (SiteAnswer.EDGE_ERROR if code else SiteAnswer.NOT_FOUND), code
        case 402 | 502 | 503 | 504:
            return SiteAnswer.EDGE_ERROR, code
        case _ if status >= 500:
            return (SiteAnswer.EDGE_ERROR if code else SiteAnswer.SERVER_ERROR), code
        case _ if status >= 400:
            return SiteAnswer.CLIENT_ERROR, code
        case _:
            return SiteAnswer.OK, ""


def text_of(reply: Answer) -> str:
    """The beginning of the body as text."""
    return reply.body[:20_000].decode("utf-8", "replace")


async def _once(http: Http, url: str, kind: str, timeout_s: float) -> _Try:
    try:
        reply = await http.get(url, timeout_s=timeout_s, headers={"Accept": _ACCEPT.get(kind, "application/json")})
    except ClientTimeout:
        if timeout_s < PATIENCE_S:
            raise
        return _Try(answer=SiteAnswer.SILENT)
    answer, code = answer_of(reply)
    return _Try(answer=answer, reply=reply, code=code)


def _summed(path: str, kind: str, tries: list[_Try]) -> PathAnswers:
    last = tries[-1]
    failed = [t for t in tries if t.answer in UNAVAILABLE]
    told = text_of(failed[-1].reply) if failed and failed[-1].reply else ""
    return PathAnswers(
        path=path,
        kind=kind,
        answer=last.answer,
        asked=len(tries),
        failed=len(failed),
        status_code=last.reply.status_code if last.reply else None,
        latencies_s=tuple(round(t.reply.latency_s, 3) for t in tries if t.reply),
        edge_code=next((t.code for t in reversed(tries) if t.code), ""),
        trouble=trouble_of(_plain(told)) if told else None,
        variable=missing_variable(told),
        is_edge_seen=any(_is_vercel(t.reply) for t in tries if t.reply),
    )


def _plain(told: str) -> str:
    """A web page without its first tag: that the error comes as a page says nothing of the database."""
    return told.lstrip(" \n<")


def _is_vercel(reply: Answer) -> bool:
    return "x-vercel-id" in reply.headers or reply.headers.get("server", "").lower() == "vercel"
