"""Evidence to diagnosis: all checks, causes, onset and clock. Pure: no client, clock or environment."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from diagnostics.causes.advice import advised
from diagnostics.causes.pairs import separator
from diagnostics.causes.ranking import ASSERTED, rank
from diagnostics.checks.finding import NOT_CONFIGURED, NOT_PERMITTED
from diagnostics.model import (
    BlindSpot,
    Cause,
    Clock,
    Diagnosis,
    Evidence,
    FailureKind,
    Finding,
    Limit,
    Runbook,
)
from diagnostics.readings import WorkerLog
from diagnostics.records import Trailer
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, moment, text
from diagnostics.timeline import events, onset

_DOCS = "docs/data-sources.md"
_INTERNAL_ERROR = "internal_error"
_REGAIN = {_INTERNAL_ERROR: text("report this: it is a bug of the runbook")}
_LOOK = text("look by hand with the command of this finding")
_STANDING = (
    Limit(
        what=text("/metrics/prometheus of the worker never answers on this platform; it is not asked"),
        link=f"{_DOCS}#worker",
    ),
    Limit(
        what=text("Redis keeps about 100 finished jobs, so its own history is short"),
        link=f"{_DOCS}#redis",
    ),
)


def conclude(
    runbook: Runbook,
    scope: Scope,
    evidence: tuple[Evidence, ...],
    trailer: Trailer,
    *,
    raise_bugs: bool = False,
) -> Diagnosis:
    """The diagnosis that follows from this evidence; the same evidence gives the same diagnosis, byte for byte."""
    seen = Seen(evidence)
    judged = tuple(_run(check, seen, scope, raise_bugs) for check in runbook.checks)
    findings = tuple(f for f in judged if f.state not in (NOT_CONFIGURED, NOT_PERMITTED))
    blind_spots = _blind_spots(findings, seen)
    severity = overall(findings, essential=runbook.essential)
    if severity is Severity.OK and blind_spots:
        # A look that failed and that no finding speaks of: unknown is never healthy.
        severity = Severity.UNKNOWN
    causes = rank(findings, evidence, severity=severity, essential=runbook.essential)
    causes = advised(causes, findings, seen, scope)
    since, interval = onset(seen, scope, _belonging(findings, causes))
    return Diagnosis(
        scope=scope,
        finished_at=trailer.finished_at,
        elapsed_s=trailer.elapsed_s,
        partial=trailer.partial,
        severity=severity,
        causes=causes,
        findings=findings,
        blind_spots=blind_spots,
        limits=_limits(judged, evidence),
        next_step=_next_step(causes, severity),
        next_probe=separator(causes) if severity is not Severity.OK else None,
        clock=_clock(scope, trailer, since),
        spent=trailer.spent,
        onset_at=since,
        onset_interval=interval,
        timeline=events(seen, scope, since, interval),
        evidence=evidence,
    )


def _belonging(findings: tuple[Finding, ...], causes: tuple[Cause, ...]) -> tuple[Finding, ...]:
    """What the asserted cause explains, for that dates it; all findings where none is asserted or it explains none."""
    explained = [f for f in findings if f.id in causes[0].explains] if causes[0].confidence >= ASSERTED else []
    return tuple(explained) or findings


def overall(findings: tuple[Finding, ...], *, essential: tuple[str, ...]) -> Severity:
    """Any CRITICAL, else any WARNING, else UNKNOWN when anything is unknown or nothing essential was seen, else OK."""
    severities = {f.severity for f in findings}
    for severity in (Severity.CRITICAL, Severity.WARNING):
        if severity in severities:
            return severity
    seen = {f.id for f in findings if f.severity is Severity.OK}
    if Severity.UNKNOWN in severities or not seen.intersection(essential):
        return Severity.UNKNOWN
    return Severity.OK


def _run(check: Callable[[Seen, Scope], Finding], seen: Seen, scope: Scope, raise_bugs: bool) -> Finding:
    try:
        return check(seen, scope)
    # A bug in one check costs only that one: a loud blind spot, traceback on stderr (design 2.2).
    except Exception as error:
        if raise_bugs:
            raise
        traceback.print_exception(error, file=sys.stderr)
        name = check.__name__.removeprefix("check_").replace("_", ".", 1)
        return Finding(
            id=name,
            severity=Severity.UNKNOWN,
            state=_INTERNAL_ERROR,
            sentence=text("internal_error in check {check}: {error}", check=name, error=type(error).__name__),
        )


def _blind_spots(findings: tuple[Finding, ...], seen: Seen) -> tuple[BlindSpot, ...]:
    """One for each unknown finding, then one for each failed look that no finding mentions."""
    spots = []
    told: set[str] = set()
    for finding in findings:
        if finding.severity is not Severity.UNKNOWN:
            continue
        cited = [e for name in finding.evidence for e in seen.evidence if e.id == name]
        items = [e for e in cited if e.failure and e.failure.kind is not FailureKind.NOT_CONFIGURED]
        failure = next((e.failure for e in items), None)
        told |= {e.id for e in items}
        spots.append(
            BlindSpot(
                check=finding.id,
                why=failure.why if failure else finding.sentence,
                regain=failure.regain if failure else _REGAIN.get(finding.state, _LOOK),
            )
        )
    for item in seen.evidence:
        if item.failure and item.id not in told and _is_loss(item, findings):
            spots.append(BlindSpot(check=item.probe, why=item.failure.why, regain=item.failure.regain))
    return tuple(spots)


def _is_loss(item: Evidence, findings: tuple[Finding, ...]) -> bool:
    """Whether a failed look is a loss of sight: not a limit, and not itself the symptom that a finding states."""
    if item.failure is None or item.failure.kind is FailureKind.NOT_CONFIGURED:
        return False
    is_symptom = any(f.id == item.probe and f.severity is not Severity.UNKNOWN for f in findings)
    is_limit = item.probe == "redis.server" and item.failure.kind is FailureKind.UNAUTHORIZED
    return not is_symptom and not is_limit


def _limits(judged: tuple[Finding, ...], evidence: tuple[Evidence, ...]) -> tuple[Limit, ...]:
    failures = [e.failure for e in evidence if e.failure]
    absent = dict.fromkeys(f.why for f in failures if f.kind is FailureKind.NOT_CONFIGURED)
    return (
        *(Limit(what=why, link="docs/profiles.md") for why in absent),
        *(Limit(what=f.sentence, link=_page(f)) for f in judged if f.state == NOT_PERMITTED),
        *_cut_log(evidence),
        *_unheard(evidence),
        *_STANDING,
    )


def _page(finding: Finding) -> str:
    """Where a person sees what the credentials do not permit us to read."""
    return "https://vercel.com/dashboard" if finding.id == "frontend.errors" else f"{_DOCS}#redis"


def _unheard(evidence: tuple[Evidence, ...]) -> tuple[Limit, ...]:
    """What Sentry cannot show on this platform, said wherever Sentry was looked at."""
    if not any(item.probe == "sentry.issues" and item.reading is not None for item in evidence):
        return ()
    what = text(
        "the worker never starts Sentry and errors that name the database are not sent: its silence is no health"
    )
    return (Limit(what=what, link=f"{_DOCS}#sentry"),)


def _cut_log(evidence: tuple[Evidence, ...]) -> tuple[Limit, ...]:
    return tuple(
        Limit(
            what=text(
                "of the worker's log only the newest {lines} lines are read, from {since} UTC on",
                lines=len(log.events),
                since=moment(datetime.fromtimestamp(log.since_ms / 1000, UTC), item.observed_at),
            ),
            link=f"{_DOCS}#railway",
        )
        for item in evidence
        if isinstance(log := item.reading, WorkerLog) and log.is_truncated and log.since_ms is not None
    )


def _next_step(causes: tuple[Cause, ...], severity: Severity) -> Text:
    steps = causes[0].steps if causes else ()
    return steps[0] if steps else text("Escalate with this report.")


def _clock(scope: Scope, trailer: Trailer, since: object) -> Clock:
    escalate_at = scope.response_started_at + timedelta(minutes=scope.thresholds.escalate_after_min)
    age = (trailer.finished_at - since).total_seconds() if since is not None else None  # type: ignore[operator]
    return Clock(
        onset_age_s=None if age is None else max(0.0, round(age, 1)),
        response_started_at=scope.response_started_at,
        escalate_at=escalate_at,
        overdue=trailer.finished_at > escalate_at,
        contacts=scope.contacts,
    )
