"""Judgements of the profile's pages and endpoints, asked by ourselves: do they answer, and how fast."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

import numpy as np

from diagnostics.checks.finding import BLIND, TOO_LITTLE, blind, site, unread
from diagnostics.checks.frontend_health import SAID
from diagnostics.model import Finding
from diagnostics.readings import DATABASE_TROUBLES, PathAnswers, SiteAnswer, SitePages, Trouble
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

FEWEST = 3
"""Answers below which no percentile is told: a slow site leaves time for one of each address."""
FEW = 20
"""Answers below which a 95th percentile is little more than the slowest one: then two of them must be slow."""


def check_frontend_availability(seen: Seen, scope: Scope) -> Finding:
    """Judge the share of answers that give a visitor something. Source: runbook M7, 3.S1.

    A path that never answered is CRITICAL, one that failed at times a WARNING; a request for a login or for
    fewer requests is an answer. One that could not be read leaves the rest UNKNOWN. Value: available share, 0-1.
    """
    pages = seen.reading(SitePages)
    paths = _own(pages)
    command = site(scope.facts, next((p.path for p in paths if p.failed), paths[0].path if paths else "/"))
    if pages is None:
        return blind("frontend.availability", seen, "frontend.pages", command=command)
    asked, failed = sum(p.asked for p in paths), sum(p.failed for p in paths)
    if not asked:
        return unread("frontend.availability", seen, "frontend.pages", command=command)
    state, severity = _state(paths), _severity(paths)
    if pages.unread and severity is Severity.OK:
        state, severity = BLIND, Severity.UNKNOWN
    return Finding(
        id="frontend.availability",
        severity=severity,
        state=state,
        sentence=_with_rest(_sentence(state, paths, asked, failed), pages),
        value=round(1 - failed / asked, 4),
        unit="ratio",
        threshold=1 - (scope.thresholds.error_ratio.warning or 0.0),
        evidence=seen.ids("frontend.pages"),
        command=command,
    )


def _own(pages: SitePages | None) -> tuple[PathAnswers, ...]:
    """What the profile names; the liveness reference is ours."""
    return tuple(p for p in pages.paths if p.kind != "ready") if pages else ()


def _severity(paths: tuple[PathAnswers, ...]) -> Severity:
    if any(p.failed == p.asked for p in paths):
        return Severity.CRITICAL
    return Severity.WARNING if any(p.failed for p in paths) else Severity.OK


def _state(paths: tuple[PathAnswers, ...]) -> str:
    failing = [p for p in paths if p.failed]
    troubles = {p.trouble for p in failing}
    if Trouble.VARIABLE_MISSING in troubles:
        return "variable_missing"
    if troubles & DATABASE_TROUBLES:
        return "database"
    if not failing:
        return "limited" if any(p.answer is SiteAnswer.RATE_LIMITED for p in paths) else "available"
    if all(p.failed == p.asked for p in paths):
        return "down"
    return "partly" if any(p.failed == p.asked for p in failing) else "flaky"


def _sentence(state: str, paths: tuple[PathAnswers, ...], asked: int, failed: int) -> Text:
    failing = [p for p in paths if p.failed]
    names = ", ".join(_told(p) for p in failing[:4])
    match state:
        case "available" | "blind":
            return text(
                "all {count} pages and endpoints answer, {asked} requests of ours", count=len(paths), asked=asked
            )
        case "limited":
            return text("the site asks us for fewer requests (429): an answer of a site that works")
        case "variable_missing":
            variable = next((p.variable for p in failing if p.variable), "?")
            return text(
                "the site says that the variable {variable} is missing: {names}", variable=variable, names=names
            )
        case "database":
            trouble = next(p.trouble for p in failing if p.trouble in DATABASE_TROUBLES)
            assert trouble is not None
            return text("addresses fail for the database, {told}: {names}", told=SAID[trouble], names=names)
        case _:
            return text(
                "{failed} of {asked} requests of ours fail ({share:.1%} available): {names}",
                failed=failed,
                asked=asked,
                share=1 - failed / asked,
                names=names,
            )


def _with_rest(told: Text, pages: SitePages) -> Text:
    """What was not read and what was not asked stand beside what was."""
    if pages.unread:
        told = text("{told}; not read: {names}", told=told, names=", ".join(pages.unread[:4]))
    if pages.left_out:
        told = text("{told}; {count} more of the profile are not asked", told=told, count=pages.left_out)
    return told


def _told(p: PathAnswers) -> str:
    how = p.edge_code or str(p.status_code or p.answer.value)
    return f"{p.path} {how}"


def check_frontend_latency(seen: Seen, scope: Scope) -> Finding:
    """Judge the 95th percentile of our own requests (seconds). Source: runbook T3, M6.

    With few requests it is told as such, and two of them must be beyond a limit: one may have met a cold start.
    """
    pages = seen.reading(SitePages)
    paths = _own(pages)
    slowest = max((p for p in paths if _settled(p)), key=lambda p: max(_settled(p)), default=None)
    command = site(scope.facts, slowest.path if slowest else "/", time=True)
    if pages is None:
        return blind("frontend.latency", seen, "frontend.pages", command=command)
    times = sorted(s for p in paths for s in _settled(p))
    if any(isnan(s) for s in times):
        return unread("frontend.latency", seen, "frontend.pages", command=command)
    if len(times) < FEWEST or slowest is None:
        return _too_little(len(times), seen, command)
    # Of a few requests the 95th percentile lies between the slowest two: the slowest may have met a cold start.
    judged = times[-2] if len(times) < FEW else float(np.percentile(times, 95))
    limits = scope.thresholds.p95_s
    severity = limits.judge(judged)
    return Finding(
        id="frontend.latency",
        severity=severity,
        state="fast" if severity is Severity.OK else "slow",
        sentence=_spread(times, judged, slowest.path),
        value=round(judged, 3),
        unit="s",
        threshold=limits.crossed(judged),
        evidence=seen.ids("frontend.pages"),
        command=command,
    )


def _spread(times: Sequence[float], judged: float, slowest: str) -> Text:
    return text(
        "{count} requests of ours: half within {p50:.2f} s, {most} within {judged:.2f} s, the slowest {last:.2f} s "
        "({path})",
        count=len(times),
        p50=float(np.median(times)),
        most=text("all but the slowest") if len(times) < FEW else text("95 of 100"),
        judged=judged,
        last=times[-1],
        path=slowest,
    )


def _settled(p: PathAnswers) -> tuple[float, ...]:
    """Answers that are measured: not of the health page, which counts a whole queue; not the first of several, which
    pays for our own connection.
    """
    if p.path.startswith("/api/health"):
        return ()
    return p.latencies_s[1:] or p.latencies_s


def _too_little(count: int, seen: Seen, command: str) -> Finding:
    return Finding(
        id="frontend.latency",
        severity=Severity.OK,
        state=TOO_LITTLE,
        sentence=text("{count} answers of ours: too few for a percentile", count=count),
        evidence=seen.ids("frontend.pages"),
        command=command,
    )


CHECKS = (check_frontend_availability, check_frontend_latency)
