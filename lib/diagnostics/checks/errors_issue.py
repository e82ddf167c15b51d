"""Which issue counts now, and how the checks of errors speak of it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from diagnostics.model import Finding
from diagnostics.readings import Nature, SentryIssue, SentryIssues, SentryLatest
from diagnostics.scope import Facts
from diagnostics.seen import Seen
from diagnostics.severity import Severity

FEWEST_EVENTS = 10
"""Events of an issue in the last minutes below which it is a trickle. Source: our own; the platform's own alert knows
only "more than 10 a minute"."""
OVER = timedelta(minutes=5)
"""An issue without an event for so long is over. Our own number; the same as of failed jobs."""
NOISE = (Nature.EXTENSION, Nature.OFFLINE)
"""Errors of the visitors' own browsers and networks: no request of theirs failed on our side."""
UPSTREAM = (Nature.UPSTREAM_TIMEOUT, Nature.UPSTREAM_ERROR)
_ACTIVE = re.compile(r'[\\"`]|\$(?!RUNBOOK_SENTRY__ORGANIZATION/|ISSUE/)')
"""What a shell would act on inside double quotes, but for our own two variables."""
LEAST_SHARE = 0.9
"""Share of an issue's events that must name a user before their number says anything."""


def going_on(issues: SentryIssues, until: datetime) -> list[SentryIssue]:
    """Issues that are more than a trickle and not over, what is not noise first, then the most frequent of late."""
    active = [i for i in issues.issues if i.recent_events >= FEWEST_EVENTS and until - i.last_seen <= OVER]
    return sorted(active, key=lambda issue: (issue.nature in NOISE, -issue.recent_events, issue.id))


def leading(seen: Seen, until: datetime) -> SentryIssue | None:
    """The issue that counts now: not noise, and not the trouble of one user; `None` when there is none."""
    issues = seen.reading(SentryIssues)
    found = going_on(issues, until) if issues else []
    return next((i for i in found if i.nature not in NOISE and not is_one_user(seen, i)), None)


def is_one_user(seen: Seen, issue: SentryIssue) -> bool:
    """Whether nearly all events of an issue are of one known user."""
    latest = seen.reading(SentryLatest)
    if issue.users != 1 or latest is None or latest.issue_id != issue.id:
        return False
    spread = latest.spread("user")
    return spread is not None and spread.values == 1 and spread.events >= LEAST_SHARE * issue.events


def sentry_curl(facts: Facts, path: str, *, jq: str = "") -> str:
    """The command that asks Sentry; the token stays in its variable, and what is not known in one to be set."""
    base = f"{facts.sentry_url}/api/0/organizations/{facts.sentry_organization or '$RUNBOOK_SENTRY__ORGANIZATION'}"
    shown = f" | jq {jq}" if jq else ""
    url = _ACTIVE.sub(r"\\\g<0>", f"{base}/{path}")
    return f'curl -sS -g "{url}" -H "Authorization: Bearer ${facts.sentry_variable}"{shown}'


def issues_command(facts: Facts) -> str:
    """The command that lists issues by frequency."""
    return sentry_curl(
        facts,
        f"issues/?query=is:unresolved&sort=freq&statsPeriod=1h&limit=10&project={facts.sentry_project}",
        jq="'.[] | {shortId, title, count, userCount, firstSeen, lastSeen}'",
    )


def is_bad(finding: Finding) -> bool:
    """Whether another check found something abnormal."""
    return finding.severity in (Severity.WARNING, Severity.CRITICAL)
