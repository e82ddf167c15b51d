"""Judgement of the site as a chain of layers: the first one that fails is named."""

from __future__ import annotations

from datetime import timedelta

from diagnostics.checks.finding import blind, site
from diagnostics.model import Finding
from diagnostics.readings import (
    Answer,
    FrontendHealth,
    PathAnswers,
    SiteAnswer,
    SiteConnection,
    SitePages,
    Trouble,
)
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

CERTIFICATE_LEFT = timedelta(days=7)
"""A certificate that ends sooner was not renewed: Vercel renews two weeks before. Source: our own limit."""
PROBES = ("frontend.site", "frontend.pages", "frontend.health")
_EXEMPT = ("/api/health", "/api/metrics", "/api/crm/webhook")
"""Addresses the middleware lets pass unasked. Source: the platform's contract 3.3."""
_UNANSWERED = ("dns", "tcp", "tls", "silent")
_FAILING = (SiteAnswer.SERVER_ERROR, SiteAnswer.EDGE_ERROR, SiteAnswer.SILENT, SiteAnswer.BROKEN)


def check_frontend_site(seen: Seen, scope: Scope) -> Finding:
    """Judge the layers from the name to the dependencies. Source: runbook 3.S1, 3.D1; the platform's contract 3.3.

    A site that cannot be connected to is CRITICAL only where another system answers: else it may be our own network.
    """
    connection, pages, health = seen.reading(SiteConnection), seen.reading(SitePages), seen.reading(FrontendHealth)
    command = site(scope.facts, "/api/health/ready")
    if pages is None and (connection is None or connection.failed_at is None):
        return blind("frontend.site", seen, "frontend.pages", command=command)
    state = failing_layer(connection, pages, health)
    if state == "ok" and connection is None:
        return blind("frontend.site", seen, "frontend.site", command=command)
    if state == "ok" and _is_ending(connection, scope):
        state = "certificate"
    severity = Severity.OK if state == "ok" else Severity.CRITICAL
    if state == "certificate":
        severity = Severity.WARNING
    if state in _UNANSWERED and not _is_online(seen):
        severity = Severity.UNKNOWN
    return Finding(
        id="frontend.site",
        severity=severity,
        state=state,
        sentence=_sentence(state, connection, pages, scope),
        evidence=seen.ids(*PROBES),
        command=command,
    )


def failing_layer(connection: SiteConnection | None, pages: SitePages | None, health: FrontendHealth | None) -> str:
    """The first layer that fails, `ok` for none.

    Connection: dns, tcp, tls, silent. Host: edge, deployment. Site: function, middleware, api, handlers, dependency.
    """
    paths = pages.paths if pages else ()
    if not _has_status(pages) and connection and connection.failed_at:
        return connection.failed_at.value
    codes = {p.edge_code for p in paths if p.edge_code}
    ready = next((p for p in paths if p.kind == "ready"), None)
    if any(code.startswith("DEPLOYMENT_") for code in codes):
        return "deployment"
    if paths and not _has_status(pages):
        return "silent"
    if paths and all(p.answer in _FAILING for p in paths):
        return "function" if any("FUNCTION" in code for code in codes) or _is_own(ready) else "edge"
    if ready and ready.answer in _FAILING:
        return "function"
    if any(code.startswith("MIDDLEWARE_") for code in codes):
        return "middleware"
    return _behind_the_function(paths, health)


def _behind_the_function(paths: tuple[PathAnswers, ...], health: FrontendHealth | None) -> str:
    """The site's code runs: which part of it does not get through."""
    pages = [p for p in paths if p.kind == "page"]
    endpoints = [p for p in paths if p.kind == "endpoint" and not p.path.startswith(_EXEMPT)]
    is_limiter = bool(health and health.rate_limit and health.rate_limit.status == "error")
    if health and health.answer in _FAILING:
        return "dependency"
    if health and health.database and health.database.status == "error":
        return "dependency"
    if endpoints and all(p.answer in _FAILING for p in endpoints):
        if pages and all(p.answer in _FAILING for p in pages):
            return "handlers"
        is_told = any(p.trouble not in (None, Trouble.OTHER) for p in endpoints)
        return "middleware" if is_limiter else "handlers" if is_told else "api"
    return "handlers" if pages and all(p.answer in _FAILING for p in pages) else "ok"


def _is_own(ready: PathAnswers | None) -> bool:
    """Whether the liveness reference was answered by the site's own handler."""
    return ready is not None and ready.answer is SiteAnswer.SERVER_ERROR


def _is_ending(connection: SiteConnection | None, scope: Scope) -> bool:
    ends = connection.certificate_ends_at if connection else None
    return ends is not None and ends - scope.now < CERTIFICATE_LEFT


def _has_status(pages: SitePages | None) -> bool:
    """Whether any address was answered at all."""
    return pages is not None and any(p.status_code is not None for p in pages.paths)


def _is_online(seen: Seen) -> bool:
    """Whether this machine got an answer from any other system over the network."""
    others = [e for e in seen.evidence if e.reading is not None and not e.probe.startswith(("frontend.", "history."))]
    return any(getattr(e.reading, "answer", None) is not Answer.SILENT for e in others)


def _sentence(state: str, connection: SiteConnection | None, pages: SitePages | None, scope: Scope) -> Text:
    paths = pages.paths if pages else ()
    code = next((p.edge_code for p in paths if p.edge_code), "")
    if state in ("dns", "tcp", "tls") and connection:
        return _CONNECTION[state, connection.reason] if (state, connection.reason) in _CONNECTION else _BROKEN[state]
    if state == "certificate" and connection and connection.certificate_ends_at:
        days = (connection.certificate_ends_at - scope.now).total_seconds() / 86_400
        return text("the site answers; its certificate ends in {days:.0f} days and was not renewed", days=days)
    if state == "ok":
        return _all_well(connection, paths)
    if code:
        return text("{layer}; Vercel says {code}", layer=_LAYERS[state], code=code)
    return _LAYERS[state]


def _all_well(connection: SiteConnection | None, paths: tuple[PathAnswers, ...]) -> Text:
    ready = next((p for p in paths if p.kind == "ready" and p.latencies_s), None)
    steps = [connection.dns_s, connection.tcp_s, connection.tls_s] if connection else []
    reached_ms = 1000 * sum(s for s in steps if s is not None)
    if ready is None or not steps:
        return text("every layer of the site that was asked answers")
    return text(
        "every layer of the site answers: connected in {connect:.0f} ms, its code in {code:.0f} ms",
        connect=reached_ms,
        code=1000 * ready.latencies_s[-1],
    )


_BROKEN: dict[str, Text] = {
    "dns": text("the site's name does not resolve from here"),
    "tcp": text("the site's name resolves, and nobody accepts the connection"),
    "tls": text("the site accepts the connection and breaks off the encryption"),
}
_CONNECTION: dict[tuple[str, str], Text] = {
    ("dns", "timed_out"): text("the resolver of this machine gave no answer for the site's name in time"),
    ("tcp", "timed_out"): text("the site's name resolves, and the connection is not accepted in time"),
    ("tls", "timed_out"): text("the site accepts the connection and does not finish the encryption in time"),
    ("tls", "expired"): text("the site's certificate has expired: browsers refuse it"),
    ("tls", "wrong_name"): text("the site's certificate is for another name: browsers refuse it"),
    ("tls", "untrusted"): text("the site's certificate is signed by nobody this machine trusts"),
}
_LAYERS: dict[str, Text] = {
    "silent": text("the site accepts connections and gives no answer at any address"),
    "edge": text("every address of the site fails, and not with errors of its own: Vercel's edge does not reach it"),
    "deployment": text("the address points to no deployment that may serve"),
    "function": text("the site's code does not start: even its liveness address fails"),
    "middleware": text("the site lives, and its middleware fails, and with it every request that passes through it"),
    "api": text("the site lives and its pages answer, but the API addresses of the profile fail: their handlers"),
    "handlers": text("the site lives, and its pages or API addresses fail with errors of their own"),
    "dependency": text("the site's code runs; a dependency of it fails"),
}

CHECKS = (check_frontend_site,)
