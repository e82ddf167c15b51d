"""Movement: jobs end or hang, keep their locks or come back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.healthy import (
    NOW_MS,
    QUEUE,
    ago,
    counts,
    found,
    line,
    log,
    metrics,
    queue,
    rows,
    running,
    sample,
)

from diagnostics.model import FailureKind
from diagnostics.readings import JobTypeTotals, OpenRouterAccount, QueueEvents, Reading, Symptom
from diagnostics.severity import Severity

OK, WARNING, CRITICAL, UNKNOWN = Severity.OK, Severity.WARNING, Severity.CRITICAL, Severity.UNKNOWN
KNOWLEDGE = "extract-knowledge-graph"
SILENT = OpenRouterAccount(models=None, key_symptom=Symptom.TIMED_OUT, credit_left_usd=None, latency_s=5)
STRANGE = rows(*running(7200, 50, name=KNOWLEDGE))
"""Jobs of two seconds have ended; what runs is of a type that never did."""


def still(seconds: float, jobs: Reading, **changes: Any) -> dict[str, Reading | FailureKind]:
    """Fifty active jobs, some waiting, and nothing has ended for so long."""
    now = counts(active=50, wait=100, newest_completed_at=ago(seconds), newest_failed_at=None)
    return {"queue.state": queue(now), "queue.jobs": jobs, **changes}


@pytest.mark.parametrize(
    ("seconds", "changes", "state"),
    [
        (60, {}, "flowing"),
        (60.1, {}, "hung"),
        (15, {"openrouter.account": SILENT}, "flowing"),
        (15.1, {"openrouter.account": SILENT}, "hung"),
        (15.1, {"worker.log": log(line(30, job_name=KNOWLEDGE, duration_ms=3000.0))}, "hung"),
        (61, {"worker.log": log(line(30, job_name=KNOWLEDGE, duration_ms=21_000.0))}, "flowing"),
        (63.1, {"worker.log": log(line(30, job_name=KNOWLEDGE, duration_ms=21_000.0))}, "hung"),
    ],
)
def test_a_type_that_never_ended_gets_a_minute(seconds: float, changes: dict[str, Reading], state: str) -> None:
    """Its length is not known: a minute passes, or 15 s where the provider hangs; log lines tell its length."""
    assert found("queue.progress", still(seconds, STRANGE, **changes)).state == state


@pytest.mark.parametrize("length_s", [0.2, 2.0, 20.0])
def test_jobs_of_any_length_hang_after_three_lengths(length_s: float) -> None:
    """The worker's averages by type tell what is usual: 0.2 s and 20 s jobs are judged by their own measure."""
    totals = JobTypeTotals(name=KNOWLEDGE, completed=50, failed=0, average_ms=length_s * 1000)
    told = metrics(sample(by_type=(totals,), average_ms=length_s * 1000))
    limit = max(15.0, 3 * length_s)
    for seconds, state in ((limit, "flowing"), (limit + 0.1, "hung")):
        assert found("queue.progress", still(seconds, STRANGE, **{"worker.metrics": told})).state == state


def test_long_jobs_that_keep_nobody_waiting_are_no_incident() -> None:
    """Three jobs run for two hours and nothing waits: told, and not judged."""
    now = counts(active=3, wait=0, oldest_waiting_at=None, newest_completed_at=ago(7200), newest_failed_at=None)
    finding = found("queue.progress", {"queue.state": queue(now), "queue.jobs": rows(*running(7200, 3))})
    assert (finding.severity, finding.state) == (OK, "long")


def test_what_left_the_active_list_has_moved() -> None:
    """Where no finished job is kept, a job that is no longer active is the proof of movement."""
    now = counts(active=50, wait=100, newest_completed_at=None, newest_failed_at=None, ended_between=1)
    changes = {"queue.state": queue(now), "queue.jobs": rows(*running(7200, 50))}
    assert found("queue.progress", changes).state == "flowing"
    assert found("queue.progress", {**changes, "queue.state": queue(replace(now, ended_between=0))}).state == "hung"


def stalls(*seconds: float) -> QueueEvents:
    """Stalled jobs so many seconds ago."""
    at = tuple(sorted(NOW_MS - round(1000 * s) for s in seconds))
    return QueueEvents(queue=QUEUE, at_ms=at, kind=("stalled",) * len(at), complete_since_ms=at[0] if at else None)


@pytest.mark.parametrize(
    ("events", "severity", "state", "value"),
    [
        (stalls(), OK, "too_little", 0),
        (stalls(*[60] * 25), OK, "steady", 25),
        (stalls(*[30] * 25, *[60] * 5), OK, "steady", 30),
        (stalls(30, 60, 90), WARNING, "churning", 3),
        (stalls(30, 60, 299.9), WARNING, "churning", 3),
        (stalls(30, 60, 300.1), OK, "steady", 2),
        (stalls(30, 31.9, 33.8), OK, "steady", 3),
        (FailureKind.TIMEOUT, UNKNOWN, "blind", None),
    ],
)
def test_churn(events: Reading | FailureKind, severity: Severity, state: str, value: float | None) -> None:
    """One dead replica's jobs are found by one check or two; by three within five minutes it is a habit."""
    finding = found("queue.churn", {"queue.events": events})
    assert (finding.severity, finding.state, finding.value) == (severity, state, value)


@given(
    waiting=st.integers(0, 5000),
    active=st.integers(0, 60),
    stalled=st.integers(0, 60),
    quiet_s=st.floats(0, 1e5),
    longer_s=st.floats(0, 1e5),
)
def test_a_longer_silence_never_looks_better(
    waiting: int, active: int, stalled: int, quiet_s: float, longer_s: float
) -> None:
    """With all else equal, more time without an end does not lower the severity."""

    def severity(seconds: float) -> Severity:
        now = counts(
            wait=waiting,
            active=active,
            active_without_lock=min(stalled, active),
            newest_completed_at=ago(seconds),
            newest_failed_at=None,
            oldest_waiting_at=ago(seconds) if waiting else None,
        )
        return found("queue.progress", {"queue.state": queue(now), "queue.jobs": rows(*running(seconds, 5))}).severity

    order = [OK, WARNING, CRITICAL]
    assert order.index(severity(quiet_s)) <= order.index(severity(quiet_s + longer_s))
