"""Judgements of the site's deployments: which one serves, since when, and what became of the newest attempt."""

from __future__ import annotations

from datetime import datetime

from diagnostics.checks.finding import blind, vercel
from diagnostics.model import Finding
from diagnostics.readings import UNAVAILABLE, SitePages, VercelDeployment, VercelDeployments
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

_UNDERWAY = ("BUILDING", "INITIALIZING", "QUEUED")
_STATES = "'.deployments[] | [.uid, .readyState, .createdAt / 1000 | todate]'"


def check_frontend_deployment(seen: Seen, scope: Scope) -> Finding:
    """Judge what serves and what was tried since. Source: runbook 3.S3, 3.D2; Vercel's `readyState`.

    A build that failed leaves the release before it in place: a WARNING, users see nothing of it.
    """
    told = seen.reading(VercelDeployments)
    path = "/v6/deployments?projectId={project}&target=production&limit=5"
    command = vercel(scope.facts, path, jq=_STATES)
    if told is None:
        return blind("frontend.deployment", seen, "vercel.deployments", command=command)
    state = _state(told, scope)
    severity = _SEVERITY.get(state, Severity.OK)
    if severity is Severity.CRITICAL and _answers(seen):
        severity = Severity.WARNING
    return Finding(
        id="frontend.deployment",
        severity=severity,
        state=state,
        sentence=_sentence(state, told),
        evidence=seen.ids("vercel.deployments"),
        command=command,
    )


_SEVERITY = {"none": Severity.CRITICAL, "paused": Severity.CRITICAL, "attempt_failed": Severity.WARNING}


def _state(told: VercelDeployments, scope: Scope) -> str:
    newest = told.deployments[0] if told.deployments else None
    if told.is_paused:
        return "paused"
    if told.serving is None:
        return "none"
    if newest and newest.state == "ERROR":
        return "attempt_failed"
    if newest and newest.state in _UNDERWAY:
        return "building"
    if _is_older(told):
        return "older_serves"
    return "recent" if serving_since(told) >= scope.window.since else "settled"


def _is_older(told: VercelDeployments) -> bool:
    """Whether a newer deployment is ready and does not serve: somebody rolled back, or promoted an older one."""
    ready = [d for d in told.deployments if d.state == "READY"]
    return told.serving is not None and bool(ready) and ready[0].created_at > told.serving.created_at


def serving_since(told: VercelDeployments) -> datetime:
    """When the serving deployment took over: by promote or rollback, else when its build was ready."""
    serving, request = told.serving, told.alias_request
    assert serving is not None
    if request and request.to_id == serving.id and request.status == "succeeded" and request.requested_at:
        return request.requested_at
    return serving.ready_at or serving.created_at


def _answers(seen: Seen) -> bool:
    """Whether visitors are served all the same."""
    pages = seen.reading(SitePages)
    return pages is not None and any(p.answer not in UNAVAILABLE for p in pages.paths)


def _sentence(state: str, told: VercelDeployments) -> Text:
    if state == "paused":
        return text("the project is paused in Vercel: it serves nobody")
    if told.serving is None:
        return text("no deployment serves production")
    serves = text("{id} serves since {since} UTC", id=told.serving.id, since=f"{serving_since(told):%Y-%m-%d %H:%M:%S}")
    newest = told.deployments[0] if told.deployments else told.serving
    match state:
        case "attempt_failed":
            return text(
                "the newest attempt {id} failed{code}; an older release goes on serving: {serves}",
                id=newest.id,
                code=f" ({newest.error_code})" if newest.error_code else "",
                serves=serves,
            )
        case "building":
            return text("{id} is being built; {serves}", id=newest.id, serves=serves)
        case "older_serves":
            return text("an older release serves although a newer one is ready: {serves}", serves=serves)
        case "recent":
            return text("a release of this window serves: {serves}", serves=serves)
        case _:
            return text("the newest release serves: {serves}", serves=serves)


def check_frontend_build(seen: Seen, scope: Scope) -> Finding:
    """Tell why the newest build failed, by the error lines of its log. Source: runbook 3.A1."""
    told = seen.reading(VercelDeployments)
    failed = told.build_id if told and told.build_id else "$DEPLOYMENT"
    path = f"/v3/deployments/{failed}/events?builds=1&limit=-1"
    command = vercel(scope.facts, path, jq='-r \'.[] | select(.type == "stderr" or .level == "error") | .text\'')
    if told is None:
        return blind("frontend.build", seen, "vercel.deployments", command=command)
    state = "clean" if not told.build_id else "unread" if told.build_errors is None else "failed"
    return Finding(
        id="frontend.build",
        severity=_BUILD[state],
        state=state,
        sentence=_build_sentence(state, told),
        evidence=seen.ids("vercel.deployments"),
        command=command,
    )


_BUILD = {"clean": Severity.OK, "unread": Severity.UNKNOWN, "failed": Severity.WARNING}


def _build_sentence(state: str, told: VercelDeployments) -> Text:
    match state:
        case "clean":
            return _ended(told.deployments[0]) if told.deployments else text("there is no build for production")
        case "unread":
            return text("the build of {id} failed, and its log could not be read", id=told.build_id)
        case _ if told.build_errors:
            return text("the build of {id} failed: {lines}", id=told.build_id, lines=" ⏎ ".join(told.build_errors[:4]))
        case _:
            return text("the build of {id} failed without an error line in its log", id=told.build_id)


def _ended(newest: VercelDeployment) -> Text:
    return text("the newest build did not fail: {state}", state=newest.state)


CHECKS = (check_frontend_deployment, check_frontend_build)
