"""Judgement of the site's variables on Vercel: presence, and whether the serving build knows them. Never values."""

from __future__ import annotations

from datetime import datetime

from diagnostics.checks.finding import blind, vercel
from diagnostics.checks.frontend_release import serving_since
from diagnostics.model import Finding
from diagnostics.readings import UNAVAILABLE, FrontendHealth, SitePages, VercelDeployments, VercelVariables
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

PUBLIC = "NEXT_PUBLIC_"
"""Variables baked into the build: setting one changes nothing before the next build. Source: the platform's sheet 5."""
_SESSION = ("NEXTAUTH_SECRET", "AUTH_SECRET", "NEXTAUTH_URL")
"""A change of these logs everybody out."""


def check_frontend_environment(seen: Seen, scope: Scope) -> Finding:
    """Judge the site's variables against the profile's list. Source: runbook 3.D3, 3.B1.

    A missing one is CRITICAL where the site fails, else a WARNING: the next deployment will fail. One that changed
    after the serving build has no effect yet; that alone is no fault.
    """
    told, deployments = seen.reading(VercelVariables), seen.reading(VercelDeployments)
    command = vercel(
        scope.facts, "/v10/projects/{project}/env", jq="-r '.envs[] | [.key, (.target | tostring), .updatedAt] | @tsv'"
    )
    if told is None:
        return blind("frontend.environment", seen, "vercel.variables", command=command)
    ours = {v.name: v for v in told.variables if "production" in v.targets}
    missing = [name for name in scope.facts.frontend_variables if name not in ours]
    built = deployments.serving.created_at if deployments and deployments.serving else None
    pending = [v.name for v in ours.values() if built and v.updated_at and v.updated_at > built]
    rotated = _rotated(told, deployments, scope)
    state = _state(missing, pending, rotated, told, is_failing=_fails(seen))
    names = missing if state.startswith("missing") or state == "hidden" else rotated if state == "session" else pending
    return Finding(
        id="frontend.environment",
        severity=_severity(state, is_failing=_fails(seen)),
        state=state,
        sentence=_sentence(state, sorted(names), len(ours)),
        value=float(len(missing)),
        unit="variables",
        threshold=0.0,
        evidence=seen.ids("vercel.variables", "vercel.deployments"),
        command=command,
    )


def _state(
    missing: list[str], pending: list[str], rotated: list[str], told: VercelVariables, *, is_failing: bool
) -> str:
    if missing and (told.hidden or not told.is_complete):
        return "hidden"
    if missing:
        return "missing_public" if all(name.startswith(PUBLIC) for name in missing) else "missing"
    if pending and is_failing:
        return "pending_public" if any(name.startswith(PUBLIC) for name in pending) else "pending"
    if rotated:
        return "session"
    return "unbuilt" if pending else "complete"


def _severity(state: str, *, is_failing: bool) -> Severity:
    if state.startswith("missing"):
        return Severity.CRITICAL if is_failing else Severity.WARNING
    known = {"hidden": Severity.UNKNOWN, "complete": Severity.OK, "unbuilt": Severity.OK}
    return known.get(state, Severity.WARNING)


def _fails(seen: Seen) -> bool:
    """Whether the site shows trouble of its own at the moment."""
    pages, health = seen.reading(SitePages), seen.reading(FrontendHealth)
    is_down = pages is not None and any(p.answer in UNAVAILABLE for p in pages.paths)
    return is_down or bool(health and health.database and health.database.status == "error")


def _rotated(told: VercelVariables, deployments: VercelDeployments | None, scope: Scope) -> list[str]:
    """Session variables that changed in the window and are in the serving build."""
    if deployments is None or deployments.serving is None or serving_since(deployments) < scope.window.since:
        return []
    built: datetime = deployments.serving.created_at
    changed = [v for v in told.variables if v.name in _SESSION and "production" in v.targets and v.updated_at]
    replaced = [v for v in changed if v.created_at != v.updated_at]
    return [v.name for v in replaced if v.updated_at and scope.window.since <= v.updated_at <= built]


def _sentence(state: str, names: list[str], count: int) -> Text:
    listed = ", ".join(names[:8])
    match state:
        case "missing" | "missing_public":
            return text("not set for production on Vercel: {names}", names=listed)
        case "hidden":
            return text("not among the variables this token may see: {names}", names=listed)
        case "pending":
            return text(
                "set or changed after the serving build and not in effect before a redeploy: {names}", names=listed
            )
        case "pending_public":
            return text(
                "set or changed after the serving build and not in effect before a new build: {names}", names=listed
            )
        case "session":
            return text("{names} changed and is in the serving release: everybody is logged out", names=listed)
        case "unbuilt":
            return text("all required variables are set; changed since the serving build: {names}", names=listed)
        case _:
            return text("all required variables are set for production ({count} seen)", count=count)


CHECKS = (check_frontend_environment,)
