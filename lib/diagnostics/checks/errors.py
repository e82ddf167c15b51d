"""Judgements about the errors in Sentry: which, whose, and how many of what."""

from __future__ import annotations

from diagnostics.checks.errors_issue import (
    NOISE,
    UPSTREAM,
    going_on,
    is_one_user,
    issues_command,
    leading,
    sentry_curl,
)
from diagnostics.checks.finding import TOO_LITTLE, blind
from diagnostics.model import Finding
from diagnostics.readings import Nature, SentryIssue, SentryIssues, SentryLatest
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

MUCH_NOISE = 50
"""Events of browsers' own errors in the last minutes from which somebody may be alarmed by them. Our own number."""
FEW_USERS = 5
"""Fewer known users than this are particular ones. Our own number."""
_SAID: dict[str, Text] = {
    "new": text("new in this window"),
    "regressed": text("back after it had been resolved"),
    "escalating": text("known, and more frequent than usual"),
    "ongoing": text("known before this window"),
    "upstream": text("another service fails or times out"),
    "database": text("the database is named in it"),
    "deploy_skew": text("tabs of the release before ask for what is no longer there"),
    "noise": text("a browser's own error: an extension, or the visitor's connection"),
    "little_noise": text("a browser's own error: an extension, or the visitor's connection"),
    "one_user": text("all of one user"),
}
_HARMLESS = ("ongoing", "little_noise", "one_user")


def check_errors_issues(seen: Seen, scope: Scope) -> Finding:
    """Judge the issue that is most frequent of late: new, regressed, or somebody else's trouble.

    Value: its events in the last 15 minutes (count). Source: runbook 5.D1, 5.D2, 5.S3; limits in `errors_issue.py`.
    """
    issues = seen.reading(SentryIssues)
    command = issues_command(scope.facts)
    if issues is None:
        return blind("errors.issues", seen, "sentry.issues", command=command)
    found = going_on(issues, scope.window.until)
    issue = leading(seen, scope.window.until) or (found[0] if found else None)
    if issue is None:
        return _quiet(seen, issues, command)
    state = _state(seen, scope, issue)
    return Finding(
        id="errors.issues",
        severity=Severity.OK if state in _HARMLESS else Severity.WARNING,
        state=state,
        sentence=text(
            "{name} in {place}: {count} events in the last {minutes:.0f} minutes; {said}",
            name=" ".join(part for part in (issue.short_id, issue.kind) if part),
            place=issue.culprit or "?",
            count=issue.recent_events,
            minutes=issues.recent_s / 60,
            said=_SAID[state],
        ),
        value=float(issue.recent_events),
        unit="events",
        evidence=seen.ids("sentry.issues"),
        command=command,
    )


def _quiet(seen: Seen, issues: SentryIssues, command: str) -> Finding:
    return Finding(
        id="errors.issues",
        severity=Severity.OK,
        state="quiet",
        sentence=text(
            "{count} unresolved issues had events in the window, none of them many of late", count=len(issues.issues)
        ),
        value=float(max((issue.recent_events for issue in issues.issues), default=0)),
        unit="events",
        evidence=seen.ids("sentry.issues"),
        command=command,
    )


def _state(seen: Seen, scope: Scope, issue: SentryIssue) -> str:
    if issue.nature in NOISE:
        return "noise" if issue.recent_events > MUCH_NOISE else "little_noise"
    if is_one_user(seen, issue):
        return "one_user"
    if issue.nature in UPSTREAM:
        return "upstream"
    if issue.nature is not Nature.CODE:
        return str(issue.nature.value)
    if issue.substatus in ("regressed", "escalating"):
        return issue.substatus
    return "new" if issue.first_seen >= scope.window.since else "ongoing"


def check_errors_users(seen: Seen, scope: Scope) -> Finding:
    """Say whether the leading issue meets everybody or particular users, one route or all. Source: runbook 5.B2.

    Value: distinct known users (count); `None` where no event names one, which is the platform's usual case.
    """
    latest = seen.reading(SentryLatest)
    issue = (latest.issue_id if latest else "") or "$ISSUE"
    command = sentry_curl(scope.facts, f"issues/{issue}/tags/user/", jq=".uniqueValues")
    if latest is None and _has_no_issue(seen):
        return _nothing_new(seen, command)
    if latest is None:
        return blind("errors.users", seen, "sentry.latest", command=command)
    if not latest.issue_id:
        return _nothing_new(seen, command)
    users, routes = latest.spread("user"), latest.spread("transaction")
    count = users.values if users else 0
    state = "unknown_users" if not count else "one_user" if count == 1 else "some" if count < FEW_USERS else "everybody"
    where = ", ".join(name for name, _ in (routes.top if routes else ())[:3]) or "?"
    return Finding(
        id="errors.users",
        severity=Severity.OK,
        state=state,
        sentence=text("no event names a user, so whether it meets everybody is not known; routes: {where}", where=where)
        if users is None or not count
        else text(
            "{users} known users in {events} events that name one; routes: {where}",
            users=count,
            events=users.events,
            where=where,
        ),
        value=float(count) if count else None,
        unit="users" if count else "",
        evidence=seen.ids("sentry.latest"),
        command=command,
    )


def _has_no_issue(seen: Seen) -> bool:
    """The list was read and is empty, and the look for an event ended without one: there is none to read."""
    issues = seen.reading(SentryIssues)
    return issues is not None and not issues.issues and seen.failed_as("sentry.latest") is None


def _nothing_new(seen: Seen, command: str) -> Finding:
    return Finding(
        id="errors.users",
        severity=Severity.OK,
        state=TOO_LITTLE,
        sentence=text("no issue has an event in the window"),
        evidence=seen.ids("sentry.latest"),
        command=command,
    )


CHECKS = (check_errors_issues, check_errors_users)
