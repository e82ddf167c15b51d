"""Judgement of what was released before the leading issue began."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from diagnostics.checks.errors_issue import issues_command, leading
from diagnostics.checks.finding import TOO_LITTLE, blind
from diagnostics.model import Finding
from diagnostics.readings import Nature, SentryIssues, SentryLatest, SentryReleases, VercelDeployments
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

SOON_AFTER = timedelta(minutes=15)
"""An issue that begins so soon after a deployment begins with it. Our own number; traffic needs to find the defect."""
_PROBES = ("vercel.deployments", "sentry.releases")


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """Something went out. `probe` says who told."""

    name: str
    at: datetime
    probe: str


def check_errors_release(seen: Seen, scope: Scope) -> Finding:
    """Judge whether the leading issue of our own code began right after a release.

    Value: seconds from the release to the issue's first event. Source: runbook 5.A2, 5.B3; Sentry's releases where
    events name one, else Vercel's deployments, which the frontend's events do not name.
    """
    command = issues_command(scope.facts)
    if seen.reading(SentryIssues) is None:
        return blind("errors.release", seen, "sentry.issues", command=command)
    issue = leading(seen, scope.window.until)
    if issue is None or issue.nature is not Nature.CODE:
        return _said(seen, "nothing", text("no issue of our own code is frequent of late"), command)
    released = _released(seen)
    if len(released) < 2:
        return _said(seen, TOO_LITTLE, text("fewer than two releases are known, so none can be blamed"), command)
    before = [each for each in released if each.at <= issue.first_seen]
    last = max(before, key=lambda each: each.at, default=None)
    age = (issue.first_seen - last.at) if last else None
    if last is None or age is None or age > SOON_AFTER or last is min(released, key=lambda each: each.at):
        return _said(
            seen, "no_release", text("no release went out shortly before {name} began", name=issue.short_id), command
        )
    return Finding(
        id="errors.release",
        severity=Severity.WARNING,
        state="after_release",
        sentence=text(
            "{name} began {age:.0f} s after {release} was released",
            name=issue.short_id,
            age=age.total_seconds(),
            release=last.name,
        ),
        value=age.total_seconds(),
        unit="s",
        threshold=SOON_AFTER.total_seconds(),
        evidence=seen.ids("sentry.issues", last.probe),
        command=command,
    )


def _released(seen: Seen) -> list[Released]:
    """Releases of the side that reports: by the events' own word, else what served the site and when."""
    latest, named = seen.reading(SentryLatest), seen.reading(SentryReleases)
    if latest and latest.release and named:
        return [
            Released(name=r.version, at=r.created_at, probe="sentry.releases") for r in named.releases if r.created_at
        ]
    told = seen.reading(VercelDeployments)
    return [
        Released(name=d.id, at=d.ready_at or d.created_at, probe="vercel.deployments")
        for d in (told.deployments if told else ())
        if d.state == "READY"
    ]


def _said(seen: Seen, state: str, sentence: Text, command: str) -> Finding:
    return Finding(
        id="errors.release",
        severity=Severity.OK,
        state=state,
        sentence=sentence,
        evidence=seen.ids("sentry.issues", *(probe for probe in _PROBES if seen.of(probe))),
        command=command,
    )


CHECKS = (check_errors_release,)
