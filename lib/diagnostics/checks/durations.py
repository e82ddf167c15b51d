"""Judgements about how long jobs take: each type against its own past."""

from __future__ import annotations

from collections import defaultdict
from statistics import median

from diagnostics.checks.finding import TOO_LITTLE, blind, curl
from diagnostics.model import Finding
from diagnostics.readings import WorkerLog
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

NEWEST = 3
"""Jobs of a type that say how long it takes now."""
FEWEST_OLD, MOST_OLD = 3, 20
"""Jobs of a type that say how long it took before: the oldest quarter in the window, within these bounds."""
TIMES = 3.0
"""Factor from which a type counts as slow. Source: our own; lengths of one type vary by 30 % here."""
MORE_MS = 1000.0
"""… and the time it must take longer: what Redis may add to a short job is no slowness of the job."""
FEWEST_TYPES = 3
"""So many types at once are slow for a reason they share."""
SHARE = 0.8


def check_jobs_duration(seen: Seen, scope: Scope) -> Finding:
    """Judge whether job types take much longer than before in the same window (value: the median factor).

    One slow type is its own affair; when nearly all are slow, so is what they share. Source: runbook M3, M9.
    """
    log = seen.reading(WorkerLog)
    command = curl(scope.facts, "/metrics", jq="'.performance, .jobs.byType'")
    if log is None:
        return blind("jobs.duration", seen, "worker.log", command=command)
    factors = _factors(log)
    slow = [name for name, factor in factors.items() if factor > TIMES]
    state = _state(len(slow), len(factors))
    return Finding(
        id="jobs.duration",
        severity=Severity.WARNING if state == "slow_all" else Severity.OK,
        state=state,
        sentence=_sentence(state, slow, factors),
        value=round(median(factors.values()), 2) if factors else None,
        unit="times" if factors else "",
        threshold=TIMES if factors else None,
        evidence=seen.ids("worker.log"),
        command=command,
    )


def _factors(log: WorkerLog) -> dict[str, float]:
    """How many times longer each type takes now; 1 where the difference is too small to matter."""
    lengths: defaultdict[str, list[float]] = defaultdict(list)
    for event in log.events:
        if event.event == "job.complete" and event.duration_ms is not None:
            lengths[event.job_name].append(event.duration_ms)
    factors = {}
    for name, found in lengths.items():
        before = found[:-NEWEST][: min(MOST_OLD, max(FEWEST_OLD, len(found) // 4))]
        if len(before) < FEWEST_OLD:
            continue
        usual, now = median(before), median(found[-NEWEST:])
        factors[name] = now / max(usual, 1.0) if now - usual > MORE_MS else 1.0
    return factors


def _state(slow: int, judged: int) -> str:
    if judged == 0:
        return TOO_LITTLE
    if slow >= FEWEST_TYPES and slow >= SHARE * judged:
        return "slow_all"
    return "slow_some" if slow else "usual"


def _sentence(state: str, slow: list[str], factors: dict[str, float]) -> Text:
    if state == TOO_LITTLE:
        return text("too few finished jobs in the log to compare their lengths")
    if not slow:
        return text("{count} job types take as long as before", count=len(factors))
    return text(
        "{slow} of {count} job types take more than {times:.0f} times as long as before: {names}",
        slow=len(slow),
        count=len(factors),
        times=TIMES,
        names=", ".join(sorted(slow)),
    )


CHECKS = (check_jobs_duration,)
