"""Judgement of failures against distinct jobs: one job that is tried again and again is not many errors."""

from __future__ import annotations

from diagnostics.checks.errors_issue import is_bad
from diagnostics.checks.finding import TOO_LITTLE, blind
from diagnostics.checks.jobs import check_jobs_failures
from diagnostics.model import Finding
from diagnostics.readings import SentryLatest, WorkerLog
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import text
from diagnostics.trends.site import RECENT_MS

FEWEST_FAILURES = 10
MOST_JOBS = 5
"""So few jobs behind many failures are a handful of bad jobs, not an outage. Our own number."""
TIMES = 3.0
"""Failures per job from which retries make up most of them. Source: jobs here have 2-5 attempts."""
_COMMAND = (
    'railway logs --service "$RUNBOOK_RAILWAY__SERVICE_ID" --lines 500 --json'
    " | jq -r 'select(.event == \"job.failed\") | .jobId' | sort | uniq -c"
)


def check_errors_jobs(seen: Seen, scope: Scope) -> Finding:
    """Judge failed attempts against the distinct jobs behind them (value: jobs ÷ failures, ratio 0-1).

    Retries of a few jobs alarm only where the failed share of all attempts does: on any day some job fails for good.
    Counted by Sentry's tag jobId where events have it, else from the worker's log. Source: runbook 5.A1, 1.B1.
    """
    counted = _tagged(seen) or _logged(seen)
    if counted is None:
        return blind("errors.jobs", seen, "worker.log", command=_COMMAND)
    failures, jobs, source = counted
    if failures < FEWEST_FAILURES or not jobs:
        return Finding(
            id="errors.jobs",
            severity=Severity.OK,
            state=TOO_LITTLE,
            sentence=text("{failures} failed attempts of late: too few to compare with their jobs", failures=failures),
            evidence=seen.ids(source),
            command=_COMMAND,
        )
    is_amplified = jobs <= MOST_JOBS and failures >= TIMES * jobs
    state = "spread" if not is_amplified else "amplified" if is_bad(check_jobs_failures(seen, scope)) else "few_jobs"
    return Finding(
        id="errors.jobs",
        severity=Severity.WARNING if state == "amplified" else Severity.OK,
        state=state,
        sentence=text("{failures} failed attempts come from {jobs} distinct jobs", failures=failures, jobs=jobs),
        value=round(jobs / failures, 3),
        unit="ratio",
        threshold=round(1 / TIMES, 3),
        evidence=seen.ids(source),
        command=_COMMAND,
    )


def _tagged(seen: Seen) -> tuple[int, int, str] | None:
    latest = seen.reading(SentryLatest)
    spread = latest.spread("jobId") if latest else None
    return (spread.events, spread.values, "sentry.latest") if spread else None


def _logged(seen: Seen) -> tuple[int, int, str] | None:
    log = seen.reading(WorkerLog)
    if log is None:
        return None
    keys = [
        event.job_key
        for event in log.events
        if event.event == "job.failed" and event.job_key and event.at_ms >= log.until_ms - RECENT_MS
    ]
    return len(keys), len(set(keys)), "worker.log"


CHECKS = (check_errors_jobs,)
