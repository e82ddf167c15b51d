"""The worker's log lines: which trouble is still going on, and how replicas came to start again."""

from __future__ import annotations

import pytest
from tests.diagnostics.healthy import found, line, log

from diagnostics.checks.log import MANY_STALLS, MANY_STARTS
from diagnostics.readings import LogEvent, Symptom
from diagnostics.severity import Severity

OK, WARNING, CRITICAL = Severity.OK, Severity.WARNING, Severity.CRITICAL
ONGOING = [
    Symptom.ENVIRONMENT_INVALID,
    Symptom.QUEUE_NAME_ILLEGAL,
    Symptom.MODULE_MISSING,
    Symptom.CREDENTIALS_REJECTED,
    Symptom.NAME_UNRESOLVED,
    Symptom.QUOTA_EXHAUSTED,
    Symptom.REFUSED,
    Symptom.TIMED_OUT,
    Symptom.RESET,
    Symptom.READ_ONLY,
]
COUNTED = [Symptom.OUT_OF_MEMORY, Symptom.HEAP_FULL, Symptom.LOCK_LOST, Symptom.STALLED]


def many(symptom: Symptom, count: int, at: float = 60.0) -> list[LogEvent]:
    return [line(at + i, "worker.error", symptom=symptom) for i in range(count)]


@pytest.mark.parametrize("symptom", ONGOING)
def test_one_line_of_lost_redis_or_a_failed_start_is_trouble(symptom: Symptom) -> None:
    """A single such line without a recovery after it is a warning named by its symptom."""
    finding = found("worker.errors", {"worker.log": log(*many(symptom, 1))})
    assert (finding.severity, finding.state, finding.value) == (WARNING, symptom.value, 1)


@pytest.mark.parametrize("symptom", COUNTED)
@pytest.mark.parametrize(
    ("count", "severity"), [(MANY_STALLS - 1, OK), (MANY_STALLS, WARNING), (MANY_STALLS + 1, WARNING)]
)
def test_trouble_of_a_running_worker_needs_several_lines(symptom: Symptom, count: int, severity: Severity) -> None:
    """After a restart one stalled job is how BullMQ recovers; a run of them is trouble."""
    finding = found("worker.errors", {"worker.log": log(*many(symptom, count))})
    assert finding.severity is severity
    assert finding.state == ("quiet" if severity is OK else symptom.value)


def test_a_single_minor_line_does_not_hide_a_run_of_others() -> None:
    """One line about memory must not stand before fifty about lost locks."""
    both = [*many(Symptom.OUT_OF_MEMORY, 1), *many(Symptom.LOCK_LOST, 50)]
    finding = found("worker.errors", {"worker.log": log(*both)})
    assert (finding.severity, finding.state, finding.value) == (WARNING, "lock_lost", 50)


@pytest.mark.parametrize(
    ("symptom", "proof", "state"),
    [
        (Symptom.REFUSED, "redis.ready", "quiet"),
        (Symptom.REFUSED, "worker.ready", "quiet"),
        (Symptom.REFUSED, "job.complete", "refused"),
        (Symptom.ENVIRONMENT_INVALID, "worker.ready", "quiet"),
        (Symptom.ENVIRONMENT_INVALID, "redis.ready", "environment_invalid"),
    ],
)
def test_a_later_proof_of_recovery_ends_a_symptom(symptom: Symptom, proof: str, state: str) -> None:
    """Only the line that proves this very trouble over ends it."""
    lines = (line(60, "redis.error", symptom=symptom), line(30, proof))
    assert found("worker.errors", {"worker.log": log(*lines, done=0)}).state == state


def test_recovery_before_the_error_proves_nothing() -> None:
    """What was ready before it broke is broken."""
    lines = (line(60, "redis.ready"), line(30, "redis.error", symptom=Symptom.REFUSED))
    assert found("worker.errors", {"worker.log": log(*lines)}).state == "refused"


def test_one_replica_s_recovery_is_not_another_s() -> None:
    """Readiness of one replica ends the trouble of another only when that one has fallen silent for good."""
    trouble = line(60, "redis.error", symptom=Symptom.REFUSED, instance="a")
    ready = line(30, "redis.ready", instance="b")
    still_talking = line(10, "redis.retry", instance="a")
    assert found("worker.errors", {"worker.log": log(trouble, ready, still_talking)}).state == "refused"
    assert found("worker.errors", {"worker.log": log(trouble, ready)}).state == "quiet"


@pytest.mark.parametrize(("seconds", "state"), [(599, "refused"), (600, "refused"), (601, "quiet")])
def test_trouble_older_than_ten_minutes_is_history(seconds: float, state: str) -> None:
    """Old lines do not colour the present."""
    old = line(seconds, "redis.error", symptom=Symptom.REFUSED)
    assert found("worker.errors", {"worker.log": log(old)}).state == state


def test_failures_of_single_jobs_are_not_the_worker_s_trouble() -> None:
    """A job's own timeout is judged with the jobs."""
    failed = line(5, "job.failed", symptom=Symptom.TIMED_OUT, job_name="crm:sync-contacts")
    assert found("worker.errors", {"worker.log": log(failed)}).severity is OK


def test_an_empty_log_is_quiet() -> None:
    """A worker without lines has no known trouble; other checks judge its silence."""
    assert found("worker.errors", {"worker.log": log(done=0)}).state == "quiet"


def starts(count: int, *between: LogEvent, instance: str = "a") -> list[LogEvent]:
    """`count` starts of one replica a minute apart, each later one preceded by a line like `between`."""
    lines = [line(60 * (count - i), "worker.start", instance=instance) for i in range(count)]
    for before in between:
        lines += [
            LogEvent(
                at_ms=lines[i].at_ms - 1000,
                level=before.level,
                event=before.event,
                symptom=before.symptom,
                job_name=before.job_name,
                instance=instance,
            )
            for i in range(1, count)
        ]
    return lines


@pytest.mark.parametrize(
    ("before", "state"),
    [
        ((), "killed"),
        ((line(0, "job.complete"),), "killed"),
        ((line(0, "job.failed", symptom=Symptom.OTHER, job_name="crm:sync-contacts"),), "killed"),
        ((line(0, "process.fatal", symptom=Symptom.HEAP_FULL),), "killed"),
        ((line(0, "process.uncaughtException", level="error"),), "crashing"),
        ((line(0, "", symptom=Symptom.ENVIRONMENT_INVALID),), "crashing"),
        ((line(0, "worker.shutdown.complete"),), "steady"),
    ],
)
def test_how_replicas_start_again(before: tuple[LogEvent, ...], state: str) -> None:
    """After a shutdown line it is a deploy, after an error a crash, after nothing a kill."""
    finding = found("worker.restarts", {"worker.log": log(*starts(MANY_STARTS + 1, *before), done=0)})
    assert finding.state == state
    assert finding.severity is (OK if state == "steady" else CRITICAL)


@pytest.mark.parametrize(
    ("again", "severity"), [(0, OK), (MANY_STARTS - 1, OK), (MANY_STARTS, CRITICAL), (MANY_STARTS + 1, CRITICAL)]
)
def test_restarts_turn_critical_with_a_pattern(again: int, severity: Severity) -> None:
    """One unexplained start is a fluke; the value and its threshold agree with the severity."""
    finding = found("worker.restarts", {"worker.log": log(*starts(again + 1), done=0)})
    assert (finding.severity, finding.value) == (severity, again)
    assert finding.threshold is not None
    assert (finding.value > finding.threshold) == (severity is CRITICAL)


def test_kills_and_crashes_add_up() -> None:
    """Two kinds of unexplained starts, each too few by itself, make a pattern together."""
    crash = line(0, "process.uncaughtException", level="error")
    lines = [*starts(2, instance="a"), *starts(2, crash, instance="b")]
    assert found("worker.restarts", {"worker.log": log(*lines, done=0)}).severity is CRITICAL


def test_first_starts_of_new_replicas_are_no_restarts() -> None:
    """A rollout brings new instances; each starts once."""
    lines = [e for name in "abcdefgh" for e in starts(1, instance=name)]
    assert found("worker.restarts", {"worker.log": log(*lines, done=0)}).state == "steady"


def test_starts_older_than_ten_minutes_are_history() -> None:
    """A crash loop of an hour ago says nothing about now."""
    lines = [line(3600 + i * 60, "worker.start", instance="a") for i in range(8)]
    assert found("worker.restarts", {"worker.log": log(*lines)}).state == "steady"
