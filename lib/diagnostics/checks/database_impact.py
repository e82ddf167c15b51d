"""Who feels the database: which job types need it and fail, and what the frontend cannot load."""

from __future__ import annotations

from collections import defaultdict

from diagnostics.checks.finding import blind, curl
from diagnostics.checks.jobs import Attempt, ended_attempts
from diagnostics.model import Finding
from diagnostics.readings import DATABASE_TROUBLES, Symptom, VercelRequests
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

STREAK = 3
"""Newest failures in a row with a database error from which a job type counts as stopped by it."""
BLAMING = frozenset(symptom for symptom in Symptom if symptom.value.startswith("database"))
"""Errors of which the database is the origin."""
_NAMED = 6
_PROBES = ("worker.log", "queue.jobs", "worker.metrics")


def check_database_impact(seen: Seen, scope: Scope) -> Finding:
    """Name the job types and the site's routes whose newest attempts fail in the database.

    Source: runbook 4.S2, 4.S3. `value` counts the types. What goes on does not need it, or not what is broken.
    """
    ended, source = ended_attempts(seen)
    command = curl(scope.facts, "/metrics", jq=".jobs.byType")
    if ended is None:
        return blind("database.impact", seen, *_PROBES, command=command)
    stopped, routes = stopped_types(ended), stopped_routes(seen.reading(VercelRequests))
    going = sorted({a.job_name for a in ended if not a.has_failed} - set(stopped))
    return Finding(
        id="database.impact",
        severity=Severity.WARNING if stopped or routes else Severity.OK,
        state="both" if stopped and routes else "jobs" if stopped else "routes" if routes else "none",
        sentence=_sentence(stopped, going)
        if not routes
        else text(
            "{jobs}; these routes of the site fail for it: {routes}",
            jobs=_sentence(stopped, going),
            routes=", ".join(routes[:_NAMED]),
        ),
        value=float(len(stopped)),
        unit="job types",
        threshold=0.0,
        evidence=seen.ids(source, "vercel.logs"),
        command=command,
    )


def stopped_types(ended: list[Attempt]) -> tuple[str, ...]:
    """Job types whose newest attempts all failed with a database error, by name."""
    of_type: defaultdict[str, list[Attempt]] = defaultdict(list)
    for attempt in ended:
        of_type[attempt.job_name].append(attempt)
    return tuple(
        sorted(
            name
            for name, found in of_type.items()
            if len(found) >= STREAK and all(a.has_failed and a.symptom in BLAMING for a in found[-STREAK:])
        )
    )


def stopped_routes(requests: VercelRequests | None) -> tuple[str, ...]:
    """Routes of the site whose newest requests all failed with a database error, by name."""
    if requests is None or not requests.is_read:
        return ()
    of_route: defaultdict[int, list[str]] = defaultdict(list)
    for route, trouble in zip(requests.route, requests.trouble, strict=True):
        of_route[route].append(trouble)
    words = {trouble.value for trouble in DATABASE_TROUBLES}
    return tuple(
        sorted(
            requests.routes[route]
            for route, found in of_route.items()
            if len(found) >= STREAK and words.issuperset(found[-STREAK:])
        )
    )


def _sentence(stopped: tuple[str, ...], going: list[str]) -> Text:
    if not stopped:
        return text("no job type is stopped by the database")
    if not going:
        return text("these job types fail in the database: {names}; no other type ended", names=", ".join(stopped))
    return text(
        "these job types fail in the database: {names}; these go on: {others}",
        names=", ".join(stopped),
        others=", ".join(going),
    )


CHECKS = (check_database_impact,)
