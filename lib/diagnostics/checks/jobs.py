"""Judgements about how jobs end: the failed share of attempts, and which type and reason stand out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from diagnostics.checks.finding import TOO_LITTLE, blind, curl
from diagnostics.checks.words import WORDS
from diagnostics.model import Finding
from diagnostics.readings import JobRows, Symptom, WorkerLog, WorkerMetrics
from diagnostics.replicas import newest
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import text

RECENT_MS = 5 * 60 * 1000
NEWEST_ATTEMPTS = 200
FEWEST_ATTEMPTS = 20
"""Below this a single failure is more than the warning limit; nothing can be judged."""
STREAK = 5
"""So many failures in a row of one job type are a pattern, however few they are among all attempts."""
_PROBES = ("worker.log", "queue.jobs", "worker.metrics")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One ended attempt of a job."""

    job_name: str
    has_failed: bool
    symptom: Symptom | None


def check_jobs_failures(seen: Seen, scope: Scope) -> Finding:
    """Judge the failed share of the newest attempts (ratio 0-1); every retry is an attempt.

    Source: runbook T1, > 1 % warning, > 5 % critical; M2. Counted from log lines, else job rows, else totals.
    """
    attempts, source = ended_attempts(seen)
    command = curl(scope.facts, "/metrics", jq=".jobs")
    if attempts is None:
        return blind("jobs.failures", seen, *_PROBES, command=command)
    failed = sum(a.has_failed for a in attempts)
    total = len(attempts)
    if total < FEWEST_ATTEMPTS:
        return Finding(
            id="jobs.failures",
            severity=Severity.OK,
            state=TOO_LITTLE,
            sentence=text("only {total} attempts seen, {failed} failed: too few to judge", total=total, failed=failed),
            evidence=seen.ids(source),
            command=command,
        )
    ratio = failed / total
    limits = scope.thresholds.error_ratio
    return Finding(
        id="jobs.failures",
        severity=limits.judge(ratio),
        state="failing" if ratio > (limits.warning or 0) else "low",
        sentence=text(
            "{failed} of the newest {total} attempts failed ({ratio:.1%})",
            failed=failed,
            total=total,
            ratio=ratio,
        ),
        value=round(ratio, 4),
        unit="ratio",
        threshold=limits.crossed(ratio),
        evidence=seen.ids(source),
        command=command,
    )


def check_jobs_reason(seen: Seen, scope: Scope) -> Finding:
    """Judge what failing jobs have in common: the reason first, then the type. Source: runbook 1.B1, 1.B3."""
    attempts, source = ended_attempts(seen)
    command = curl(scope.facts, "/metrics", jq=".jobs.byType")
    if attempts is None:
        return blind("jobs.reason", seen, *_PROBES, command=command)
    failed = [a for a in attempts if a.has_failed]
    reasons = Counter(a.symptom for a in failed if a.symptom)
    types = Counter(a.job_name for a in failed)
    reason, count = reasons.most_common(1)[0] if reasons else (None, 0)
    limits = scope.thresholds.error_ratio
    is_many = len(attempts) >= FEWEST_ATTEMPTS and limits.judge(len(failed) / len(attempts)) is not Severity.OK
    is_failing = is_many or _streak(attempts) >= STREAK
    is_one = is_failing and count * 2 > len(failed)
    worst = types.most_common(1)[0][0] if types else ""
    state = reason.value if reason and is_one else "mixed" if is_failing else "nothing"
    return Finding(
        id="jobs.reason",
        severity=Severity.WARNING if is_failing else Severity.OK,
        state=state if state not in (Symptom.OTHER.value, "mixed") else _type_state(types, attempts, reasons),
        sentence=text(
            "most failures are of type {job} with reason {reason}",
            job=worst,
            reason=WORDS[reason] if reason else "?",
        )
        if is_failing
        else text("no reason of failure stands out"),
        value=float(count),
        unit="attempts",
        evidence=seen.ids(source),
        command=command,
    )


def _streak(attempts: list[Attempt]) -> int:
    """The longest run of newest failures within one job type, unbroken by a success of that type."""
    runs: dict[str, int] = {}
    is_over: set[str] = set()
    for attempt in reversed(attempts):
        if attempt.has_failed and attempt.job_name not in is_over:
            runs[attempt.job_name] = runs.get(attempt.job_name, 0) + 1
        elif not attempt.has_failed:
            is_over.add(attempt.job_name)
    return max(runs.values(), default=0)


def _type_state(types: Counter[str], attempts: list[Attempt], reasons: Counter[Symptom]) -> str:
    """Whether one job type fails always while the others do not, and whether any reason was read: totals have none."""
    if not types:
        return "mixed"
    unread = "" if reasons else "_unread"
    name, count = types.most_common(1)[0]
    of_type = [a for a in attempts if a.job_name == name]
    others = sum(types.values()) - count
    if count < 0.8 * len(of_type) or others * 5 >= count:
        return "mixed" + unread
    return "one_type" + unread


def ended_attempts(seen: Seen) -> tuple[list[Attempt] | None, str]:
    """The newest ended attempts from the best source that has any, and that source's probe."""
    best: tuple[list[Attempt] | None, str] = (None, "worker.log")
    for probe, found in (
        ("worker.log", _from_log(seen.reading(WorkerLog))),
        ("queue.jobs", _from_rows(seen.reading(JobRows))),
        ("worker.metrics", _from_totals(seen.reading(WorkerMetrics))),
    ):
        if found is not None and (best[0] is None or len(found) >= FEWEST_ATTEMPTS > len(best[0])):
            best = (found, probe)
    return best


def _from_log(log: WorkerLog | None) -> list[Attempt] | None:
    if log is None:
        return None
    since = max(log.until_ms - RECENT_MS, log.since_ms or 0)
    ended = [e for e in log.events if e.event in ("job.complete", "job.failed") and e.at_ms >= since]
    return [Attempt(e.job_name, e.event == "job.failed", e.symptom) for e in ended[-NEWEST_ATTEMPTS:]]


def _from_rows(rows: JobRows | None) -> list[Attempt] | None:
    if rows is None:
        return None
    ended = [r for r in rows.rows if r.state in ("completed", "failed") and r.finished_ms is not None]
    # Both lists are cut at their newest rows; only the span they share can be compared.
    starts = [
        min(r.finished_ms or 0 for r in ended if r.state == state)
        for state in ("completed", "failed")
        if sum(r.state == state for r in ended) >= 100
    ]
    since = max(starts, default=0)
    until = max((r.finished_ms or 0 for r in ended), default=0)
    shared = [r for r in ended if (r.finished_ms or 0) >= max(since, until - RECENT_MS)]
    retried = [r for r in rows.rows if r.state == "delayed" and r.symptom]
    return [Attempt(r.name, r.state == "failed", r.symptom) for r in shared] + [
        Attempt(r.name, True, r.symptom) for r in retried
    ]


def _from_totals(metrics: WorkerMetrics | None) -> list[Attempt] | None:
    """Totals since each replica's start: coarse, but public."""
    if metrics is None or not metrics.samples:
        return None
    attempts: list[Attempt] = []
    for sample in newest(metrics.samples):
        for kind in sample.by_type:
            attempts += [Attempt(kind.name, True, None)] * min(kind.failed, 1000)
            attempts += [Attempt(kind.name, False, None)] * min(kind.completed, 1000)
    return attempts


CHECKS = (check_jobs_failures, check_jobs_reason)
