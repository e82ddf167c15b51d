"""How jobs end: the failed share of attempts, and what failing ones have in common."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.diagnostics.healthy import SCOPE, Changes, ago_ms, found, line, log, metrics, rows, sample

from diagnostics.checks.jobs import FEWEST_ATTEMPTS, STREAK
from diagnostics.model import FailureKind
from diagnostics.readings import JobRow, JobTypeTotals, LogEvent, Symptom
from diagnostics.severity import Severity
from diagnostics.thresholds import Limits

OK, WARNING, CRITICAL = Severity.OK, Severity.WARNING, Severity.CRITICAL
UNSEEN = dict.fromkeys(("worker.log", "queue.jobs", "worker.metrics"), FailureKind.TIMEOUT)


@pytest.mark.parametrize(
    ("done", "failed", "severity", "state"),
    [
        (100, 0, OK, "low"),
        (99, 1, OK, "low"),
        (98, 2, WARNING, "failing"),
        (95, 5, WARNING, "failing"),
        (94, 6, CRITICAL, "failing"),
        (0, 100, CRITICAL, "failing"),
        (FEWEST_ATTEMPTS - 2, 1, OK, "too_little"),
        (FEWEST_ATTEMPTS - 1, 1, WARNING, "failing"),
        (0, 3, OK, "too_little"),
        (0, 0, OK, "too_little"),
    ],
)
def test_failed_share(done: int, failed: int, severity: Severity, state: str) -> None:
    """More than 1 % is a warning, more than 5 % critical; below twenty attempts nothing is judged."""
    finding = found("jobs.failures", {"worker.log": log(done=done, failed=failed), "queue.jobs": rows(rows=())} | IDLE)
    assert (finding.severity, finding.state) == (severity, state)
    assert finding.value == (None if state == "too_little" else pytest.approx(failed / (done + failed)))


IDLE: Changes = {"worker.metrics": metrics(sample(by_type=()))}


def test_only_the_newest_attempts_count() -> None:
    """A storm of an hour ago is over."""
    old = [line(3600 + i, "job.failed", symptom=Symptom.OTHER, job_name="a") for i in range(500)]
    assert found("jobs.failures", {"worker.log": log(*old, done=40)}).value == 0.0


def test_rows_judge_where_there_is_no_log() -> None:
    """Job rows are the second source: failed rows and retries in waiting are failed attempts."""
    failed = [replace(r, state="failed", symptom=Symptom.OTHER) for r in rows().rows[:10]]
    retried = [JobRow(state="delayed", name="a", added_ms=1, started_ms=1, finished_ms=None, symptom=Symptom.OTHER)]
    finding = found("jobs.failures", {"worker.log": FailureKind.TIMEOUT, "queue.jobs": rows(*failed, *retried * 15)})
    assert finding.evidence == ("queue.jobs",)
    assert finding.value == pytest.approx(25 / 125)


def test_rows_are_compared_over_the_span_they_share() -> None:
    """A hundred old failures kept in Redis are not set against a hundred successes of the last minutes."""
    old = tuple(
        JobRow(state="failed", name="a", added_ms=1, started_ms=2, finished_ms=ago_ms(7200 + i), symptom=Symptom.OTHER)
        for i in range(100)
    )
    finding = found("jobs.failures", {"worker.log": FailureKind.TIMEOUT, "queue.jobs": rows(*old)})
    assert (finding.severity, finding.value) == (OK, 0.0)


def test_totals_judge_where_there_is_nothing_else() -> None:
    """With the public addresses alone the totals since the start are counted, of each replica once."""
    by_type = (JobTypeTotals(name="a", completed=90, failed=10, average_ms=1.0),)
    once = sample(by_type=by_type)
    finding = found("jobs.failures", {**UNSEEN, "worker.metrics": metrics(once, once)})
    assert finding.evidence == ("worker.metrics",)
    assert finding.value == pytest.approx(0.1)
    assert "100 attempts" in str(finding.sentence)


@pytest.mark.parametrize(
    "changes",
    [
        {"worker.log": log(done=0)},
        {"worker.log": log(done=3)},
    ],
)
def test_a_source_with_too_few_attempts_gives_way(changes: Changes) -> None:
    """A quiet log does not silence a hundred rows."""
    assert found("jobs.failures", changes).evidence == ("queue.jobs",)


def failing(*reasons: Symptom, name: str = "extract-knowledge-graph") -> list[LogEvent]:
    """One failed attempt for each reason."""
    return [line(3 + i, "job.failed", symptom=s, job_name=name) for i, s in enumerate(reasons)]


@pytest.mark.parametrize(
    ("lines", "severity", "state"),
    [
        ([], OK, "nothing"),
        (failing(*[Symptom.HANDLER_MISSING] * 10), WARNING, "handler_missing"),
        (failing(*[Symptom.OPENROUTER_RATE_LIMITED] * 10), WARNING, "openrouter_rate_limited"),
        (failing(*[Symptom.OPENROUTER_DOWN] * 6, *[Symptom.OTHER] * 4), WARNING, "openrouter_down"),
        (failing(*[Symptom.OPENROUTER_DOWN] * 5, *[Symptom.OTHER] * 5), WARNING, "one_type"),
        (failing(*[Symptom.OTHER] * 10), WARNING, "one_type"),
        ([*failing(*[Symptom.OTHER] * 5, name="a"), *failing(*[Symptom.OTHER] * 5, name="b")], WARNING, "mixed"),
        (failing(*[Symptom.OTHER] * 10, name="crm:sync-contacts"), WARNING, "mixed"),
    ],
)
def test_reason(lines: list[LogEvent], severity: Severity, state: str) -> None:
    """A reason shared by more than half names the state; else one type that always fails; else mixed."""
    finding = found("jobs.reason", {"worker.log": log(*lines, done=40)})
    assert (finding.severity, finding.state) == (severity, state)


@pytest.mark.parametrize(("count", "severity"), [(STREAK - 1, OK), (STREAK, WARNING), (STREAK + 1, WARNING)])
def test_a_streak_of_one_type_stands_out_among_many(count: int, severity: Severity) -> None:
    """Few failures among hundreds of successes are a pattern when one type does nothing else any more."""
    done = [line(60 + i / 10, "job.complete", job_name="crm:sync-contacts") for i in range(190)]
    lines = failing(*[Symptom.HANDLER_MISSING] * count)
    calm = replace(SCOPE, thresholds=replace(SCOPE.thresholds, error_ratio=Limits(0.5, 0.9)))
    assert found("jobs.reason", {"worker.log": log(*done, *lines, done=0)}, calm).severity is severity


def test_totals_can_name_a_type_that_always_fails() -> None:
    """Totals carry no reasons, but a type without one success beside types without one failure is told."""
    by_type = (
        JobTypeTotals(name="good", completed=100, failed=0, average_ms=1.0),
        JobTypeTotals(name="bad", completed=0, failed=20, average_ms=None),
    )
    finding = found("jobs.reason", {**UNSEEN, "worker.metrics": metrics(sample(by_type=by_type))})
    assert (finding.severity, finding.state) == (WARNING, "one_type_unread")
    assert "bad" in str(finding.sentence)
