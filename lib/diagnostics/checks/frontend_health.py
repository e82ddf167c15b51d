"""Judgements from `/api/health`, by change from what is usual: a healthy site calls itself degraded here."""

from __future__ import annotations

from diagnostics.checks.finding import blind, site, unread
from diagnostics.model import Finding
from diagnostics.readings import Dependency, FrontendHealth, SiteAnswer, SitePages, Trouble
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

_DEPENDENCIES = ("database", "redis", "rate_limit", "queue", "openrouter")
NOT_TOLD = "not_told"


def check_frontend_health(seen: Seen, scope: Scope) -> Finding:
    """Judge the health page as a whole. Source: runbook 3.D1, 3.S2; the platform's facts 6 and 7.

    Its status code says nothing: it is 200 for every dependency that fails. Silence is a hanging dependency.
    """
    health = seen.reading(FrontendHealth)
    command = site(scope.facts, "/api/health")
    if health is None:
        return blind("frontend.health", seen, "frontend.health", command=command)
    changed = _changed(health, scope)
    state = _state(health, changed, seen)
    return Finding(
        id="frontend.health",
        severity=_SEVERITY.get(state, Severity.CRITICAL),
        state=state,
        sentence=_sentence(state, health, changed),
        value=health.latency_s,
        unit="s" if health.latency_s is not None else "",
        evidence=seen.ids("frontend.health"),
        command=command,
    )


_SEVERITY = {"usual": Severity.OK, "changed": Severity.WARNING}


def _state(health: FrontendHealth, changed: tuple[str, ...], seen: Seen) -> str:
    if health.answer is SiteAnswer.SILENT:
        return "silent" if _lives(seen) else "silent_with_all"
    if health.answer is not SiteAnswer.OK:
        return "timed_out" if "TIMEOUT" in health.edge_code else health.answer.value
    return "changed" if changed else "usual"


def _lives(seen: Seen) -> bool:
    """Whether the liveness address answers beside it: then it is a dependency that hangs, not the site."""
    pages = seen.reading(SitePages)
    return bool(pages) and any(p.kind == "ready" and p.answer is SiteAnswer.OK for p in (pages.paths if pages else ()))


def _changed(health: FrontendHealth, scope: Scope) -> tuple[str, ...]:
    """Dependencies that are not as on a good day."""
    found = {name: getattr(health, name) for name in _DEPENDENCIES}
    usual = _usual(scope)
    return tuple(name for name, d in found.items() if d and not _is_usual(d, usual.get(name, "ok")))


def _usual(scope: Scope) -> dict[str, str]:
    """Without REDIS_URL the site skips its cache, and its queue cannot work: that is no change."""
    return {"redis": "skipped", "queue": "unset"} if scope.facts.baseline_redis == "skipped" else {}


def _is_usual(dependency: Dependency, usual: str) -> bool:
    if usual == "unset":
        return dependency.status in ("ok", "skipped") or dependency.trouble is Trouble.NOT_CONFIGURED
    return dependency.status in (usual, "ok")


def _sentence(state: str, health: FrontendHealth, changed: tuple[str, ...]) -> Text:
    match state:
        case "usual" if health.overall_status == "degraded":
            return text("/api/health answers as on a good day: it calls itself degraded only for the missing REDIS_URL")
        case "usual":
            return text("/api/health answers as on a good day: {status}", status=health.overall_status or "ok")
        case "changed":
            return text(
                "/api/health answers {code}, and not as on a good day: {names}",
                code=health.status_code or 200,
                names=", ".join(changed),
            )
        case "silent":
            return text(
                "/api/health gives no answer within {s:.0f} s while the liveness address does: a dependency hangs",
                s=health.latency_s or 0,
            )
        case "silent_with_all":
            return text("/api/health gives no answer within {s:.0f} s", s=health.latency_s or 0)
        case "timed_out":
            return text("/api/health was given up by Vercel after its time limit (504): a dependency hangs")
        case _:
            return text(
                "/api/health answers {code} {word}: its handler fails",
                code=health.status_code or 500,
                word=health.edge_code,
            )


def check_frontend_database(seen: Seen, scope: Scope) -> Finding:
    """Judge the database as the site's browser side reaches it: public address and anon key. Source: runbook 3.C1."""
    health = seen.reading(FrontendHealth)
    command = site(scope.facts, "/api/health", jq="'.database, .database_error'")
    if health is None:
        return blind("frontend.database", seen, "frontend.health", command=command)
    if health.answer is not SiteAnswer.OK:
        return _not_told("frontend.database", seen, command)
    if health.database is None:
        return unread("frontend.database", seen, "frontend.health", command=command)
    return _database("frontend.database", health.database, seen, command)


def check_frontend_database_service(seen: Seen, scope: Scope) -> Finding:
    """Judge the database as the site's own code reaches it: service-role key. Source: the platform's fact 8."""
    health = seen.reading(FrontendHealth)
    command = site(scope.facts, "/api/health/db", jq="'.status, .error'")
    if health is None:
        return blind("frontend.database_service", seen, "frontend.health", command=command)
    if health.service_answer is SiteAnswer.SILENT and _lives(seen):
        return Finding(
            id="frontend.database_service",
            severity=Severity.CRITICAL,
            state="silent",
            sentence=text("/api/health/db gives no answer: the database hangs, or is too slow for its counts"),
            evidence=seen.ids("frontend.health"),
            command=command,
        )
    if health.service_answer not in (SiteAnswer.OK, None):
        return _not_told("frontend.database_service", seen, command)
    if health.service_database is None:
        return unread("frontend.database_service", seen, "frontend.health", command=command)
    return _database("frontend.database_service", health.service_database, seen, command)


def _database(check: str, found: Dependency, seen: Seen, command: str) -> Finding:
    if found.status not in ("ok", "error"):
        return unread(check, seen, "frontend.health", command=command)
    trouble = found.trouble or Trouble.OTHER
    key = text("service-role key") if check.endswith("service") else text("anon key")
    return Finding(
        id=check,
        severity=Severity.OK if found.status == "ok" else Severity.CRITICAL,
        state="ok" if found.status == "ok" else trouble.value,
        sentence=text("the site reads the database with its {key}", key=key)
        if found.status == "ok"
        else text("the site cannot read the database with its {key}: {told}", key=key, told=SAID[trouble]),
        evidence=seen.ids("frontend.health"),
        command=command,
    )


def check_frontend_redis(seen: Seen, scope: Scope) -> Finding:
    """Judge Redis as the site reaches it: rate limit over REST; cache and queue over REDIS_URL, where it has one.

    "Redis URL not configured" is the usual state here, "Connection is closed." a Redis that died.
    Source: the platform's contract 3.1 and its fact 7.
    """
    health = seen.reading(FrontendHealth)
    command = site(scope.facts, "/api/health", jq="'.rateLimit, .rateLimit_error, .redis, .queue, .queue_error'")
    if health is None:
        return blind("frontend.redis", seen, "frontend.health", command=command)
    if health.answer is not SiteAnswer.OK:
        return _not_told("frontend.redis", seen, command)
    parts = {"rate_limit": health.rate_limit, "redis": health.redis, "queue": health.queue}
    if health.redis is None or (health.is_newer_form and None in parts.values()):
        return unread("frontend.redis", seen, "frontend.health", command=command)
    usual = _usual(scope)
    failing = {n: d for n, d in parts.items() if d and not _is_usual(d, usual.get(n, "ok"))}
    name, worst = next(iter(failing.items()), ("", None))
    trouble = worst.trouble or Trouble.NOT_CONFIGURED if worst else None
    # What the queue's own text says is truer than the cache's, which hides its error.
    if "queue" in failing and trouble is Trouble.CACHE:
        trouble = failing["queue"].trouble or trouble
    return Finding(
        id="frontend.redis",
        severity=Severity.WARNING if trouble else Severity.OK,
        state=trouble.value if trouble else "usual",
        sentence=text("the site's {part} cannot use Redis: {told}", part=_PARTS[name], told=SAID[trouble])
        if trouble
        else text("the site reaches Redis as on a good day"),
        evidence=seen.ids("frontend.health"),
        command=command,
    )


def _not_told(check: str, seen: Seen, command: str) -> Finding:
    """With the health page gone that is its own finding; what only it could tell is not held against us."""
    return Finding(
        id=check,
        severity=Severity.OK,
        state=NOT_TOLD,
        sentence=text("the health page does not answer, so it tells nothing of this"),
        evidence=seen.ids("frontend.health"),
        command=command,
    )


_PARTS: dict[str, Text] = {
    "rate_limit": text("rate limit"),
    "redis": text("cache"),
    "queue": text("queue"),
    "": text("cache"),
}
SAID: dict[Trouble, Text] = {
    Trouble.VARIABLE_MISSING: text("a required variable is not set"),
    Trouble.URL_MISSING: text("its address is not set (supabaseUrl is required.)"),
    Trouble.KEY_MISSING: text("its key is not set (supabaseKey is required.)"),
    Trouble.URL_INVALID: text("its address is no address (Invalid supabaseUrl)"),
    Trouble.KEY_REJECTED: text("the key is refused (Invalid API key)"),
    Trouble.UNREACHABLE: text("it is not reached (fetch failed)"),
    Trouble.WEB_PAGE: text("a web page answers in its place: the project is paused or gone"),
    Trouble.RESTARTING: text("the REST API has no database behind it (PGRST002)"),
    Trouble.SCHEMA: text("a table or column is missing (PGRST205, 42P01)"),
    Trouble.POOL: text("the connection pool is exhausted (PGRST003)"),
    Trouble.SLOTS: text("the server has no connection left (53300)"),
    Trouble.STATEMENT_TIMEOUT: text("a statement took too long (57014)"),
    Trouble.POLICY: text("a row policy refuses or fails (42501, 42P17)"),
    Trouble.PERMISSION: text("a grant is missing (permission denied)"),
    Trouble.NOT_CONFIGURED: text("its address is not set"),
    Trouble.CONNECTION_CLOSED: text("the connection is closed for good (Connection is closed.)"),
    Trouble.CREDENTIALS_REJECTED: text("the token is refused (WRONGPASS)"),
    Trouble.QUOTA_EXHAUSTED: text("the plan's requests are used up"),
    Trouble.CACHE: text("the site does not tell why"),
    Trouble.TIMED_OUT: text("it does not answer in time"),
    Trouble.OTHER: text("an error nobody has described yet"),
}

CHECKS = (check_frontend_health, check_frontend_database, check_frontend_database_service, check_frontend_redis)
