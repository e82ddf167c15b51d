"""The worker's presence: does it answer, is it connected, is it deployed as wanted, is its clock right."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.diagnostics.healthy import (
    SCOPE,
    ago,
    counts,
    deployed,
    found,
    health,
    line,
    log,
    lost,
    metrics,
    queue,
    sample,
    service,
    unanswered,
    unanswered_metrics,
)

from diagnostics.model import FailureKind
from diagnostics.readings import Answer, Reading, Symptom, WorkerHealth, WorkerMetrics
from diagnostics.severity import Severity
from diagnostics.thresholds import Limits

OK, WARNING, CRITICAL, UNKNOWN = Severity.OK, Severity.WARNING, Severity.CRITICAL, Severity.UNKNOWN
NO_PROOF = {"worker.log": log(done=0), "queue.state": queue(counts(newest_completed_at=None, newest_failed_at=None))}


@pytest.mark.parametrize(
    ("answer", "severity"),
    [
        (Answer.OK, OK),
        (Answer.DEGRADED, CRITICAL),
        (Answer.SILENT, CRITICAL),
        (Answer.EDGE_ERROR, CRITICAL),
        (Answer.NOT_FOUND, CRITICAL),
        (Answer.SERVER_ERROR, CRITICAL),
    ],
)
def test_health_without_proof_of_life(answer: Answer, severity: Severity) -> None:
    """With no proof of life any answer but 200 is critical; the state is the answer itself."""
    finding = found("worker.health", {**NO_PROOF, "worker.health": health(answer=answer)})
    assert (finding.severity, finding.state, finding.value) == (severity, answer.value, None)


@pytest.mark.parametrize(
    ("seconds", "severity"),
    [(0, WARNING), (59, WARNING), (60, WARNING), (60.1, CRITICAL), (61, CRITICAL), (86_400, CRITICAL)],
)
def test_down_worker_turns_critical_after_its_threshold(seconds: float, severity: Severity) -> None:
    """Down counts from the last finished job; strictly more than 60 s is critical."""
    changes = {
        "worker.health": unanswered(Answer.EDGE_ERROR, 502),
        "worker.log": log(done=0),
        "queue.state": queue(counts(newest_completed_at=ago(seconds), newest_failed_at=None)),
    }
    finding = found("worker.health", changes)
    assert (finding.severity, finding.value, finding.unit, finding.threshold) == (severity, seconds, "s", 60)


def test_a_proof_of_life_after_the_look_is_no_negative_age() -> None:
    """Clocks differ a little; the age is never below zero."""
    changes = {
        "worker.health": unanswered(Answer.EDGE_ERROR, 502),
        "queue.state": queue(counts(newest_completed_at=ago(-5))),
    }
    assert found("worker.health", changes).value == 0.0


@pytest.mark.parametrize(
    ("proof", "age"),
    [
        ({"worker.log": log(line(20, "worker.ready"), done=0)}, 20.0),
        ({"worker.log": log(line(20, "job.start"), done=0)}, 20.0),
        ({"worker.log": log(line(20, "redis.error", symptom=Symptom.REFUSED), done=0)}, None),
        ({"queue.state": queue(counts(newest_completed_at=None, newest_failed_at=ago(30)))}, 30.0),
    ],
)
def test_what_counts_as_proof_of_life(proof: dict[str, Reading], age: float | None) -> None:
    """A finished job and a worker's own line prove life; a line about lost Redis does not."""
    finding = found("worker.health", {**NO_PROOF, "worker.health": unanswered(Answer.EDGE_ERROR), **proof})
    assert finding.value == age


@pytest.mark.parametrize(
    ("told", "answers", "severity", "state"),
    [
        (health(), metrics(), OK, "connected"),
        (FailureKind.SCHEMA, metrics(), OK, "connected"),
        (health(), FailureKind.SCHEMA, OK, "connected"),
        (
            health(answer=Answer.DEGRADED, redis_connected=False, redis_symptom=Symptom.CREDENTIALS_REJECTED),
            metrics(),
            CRITICAL,
            "credentials_rejected",
        ),
        (health(answer=Answer.DEGRADED, redis_connected=False), metrics(), CRITICAL, "other"),
        (health(answer=Answer.DEGRADED, redis_connected=False), FailureKind.TIMEOUT, CRITICAL, "other"),
        (unanswered(Answer.SILENT), lost(Symptom.NAME_UNRESOLVED), CRITICAL, "name_unresolved"),
        (unanswered(Answer.SILENT), lost(Symptom.REFUSED), CRITICAL, "refused"),
        (unanswered(Answer.SILENT), lost(Symptom.OTHER), CRITICAL, "other"),
        (unanswered(Answer.SILENT), metrics(sample(redis_connected=False)), CRITICAL, "other"),
        (unanswered(Answer.SILENT), metrics(), CRITICAL, "timed_out"),
        (FailureKind.TIMEOUT, lost(Symptom.RESET), CRITICAL, "reset"),
        (unanswered(Answer.EDGE_ERROR), metrics(), OK, "connected"),
        (unanswered(Answer.EDGE_ERROR), unanswered_metrics(Answer.EDGE_ERROR), OK, "no_worker"),
        (unanswered(Answer.SILENT), unanswered_metrics(Answer.SILENT), OK, "no_worker"),
        (FailureKind.TIMEOUT, FailureKind.TIMEOUT, UNKNOWN, "blind"),
        (None, None, UNKNOWN, "blind"),
    ],
)
def test_worker_redis(
    told: WorkerHealth | FailureKind | None,
    answers: WorkerMetrics | FailureKind | None,
    severity: Severity,
    state: str,
) -> None:
    """The fresh PING of /health counts first, then the last error of /metrics."""
    finding = found("worker.redis", {"worker.health": told, "worker.metrics": answers})
    assert (finding.severity, finding.state) == (severity, state)


def test_one_replica_without_redis_is_not_healthy() -> None:
    """/health is answered by one replica only: the other's loss is a warning with its own state."""
    half = metrics(sample(), sample(redis_connected=False, redis_symptom=Symptom.NAME_UNRESOLVED))
    finding = found("worker.redis", {"worker.metrics": half})
    assert (finding.severity, finding.state) == (WARNING, "partly_lost")


def test_flapping_token_is_read_from_the_last_error() -> None:
    """While a token is refused the connected flag flaps, so the kept error decides."""
    flapping = metrics(sample(redis_symptom=Symptom.CREDENTIALS_REJECTED))
    finding = found("worker.redis", {"worker.health": unanswered(Answer.SILENT), "worker.metrics": flapping})
    assert finding.state == "credentials_rejected"


@pytest.mark.parametrize(
    ("reading", "severity", "state"),
    [
        (service(), OK, "running"),
        (service(replicas_running=3), OK, "running"),
        (service(replicas_running=1), WARNING, "short"),
        (service(replicas_running=0, instance_statuses=()), CRITICAL, "crashed"),
        (deployed("CRASHED", replicas_running=0), CRITICAL, "crashed"),
        (deployed("FAILED", replicas_running=0), CRITICAL, "failed"),
        (deployed("REMOVED", replicas_running=0), CRITICAL, "stopped"),
        (deployed("SLEEPING", replicas_running=0), CRITICAL, "stopped"),
        (deployed("SUCCESS", is_stopped=True), CRITICAL, "stopped"),
        (service(latest=None, replicas_running=0), CRITICAL, "stopped"),
        (deployed("BUILDING", replicas_running=0), WARNING, "deploying"),
        (deployed("DEPLOYING", replicas_running=2), OK, "deploying"),
        (deployed("SOMETHING_NEW", replicas_running=0), WARNING, "deploying"),
        (service(replicas_wanted=None), OK, "running"),
    ],
)
def test_deployment_while_the_worker_does_not_answer(reading: Reading, severity: Severity, state: str) -> None:
    """The newest deployment is judged by its status and by how many replicas of it run."""
    changes = {"railway.service": reading, "worker.health": unanswered(Answer.EDGE_ERROR, 502)}
    finding = found("worker.deployment", changes)
    assert (finding.severity, finding.state) == (severity, state)


@pytest.mark.parametrize("status", ["FAILED", "CRASHED"])
def test_failed_release_beside_an_answering_worker_is_a_warning(status: str) -> None:
    """A new release that failed while the old one answers has not taken the worker down."""
    finding = found("worker.deployment", {"railway.service": deployed(status, replicas_running=0)})
    assert (finding.severity, finding.state) == (WARNING, status.lower())


def test_wanted_replicas_come_from_railway_then_profile() -> None:
    """Without Railway's number the profile's decides."""
    told = service(replicas_wanted=None, replicas_running=1)
    assert found("worker.deployment", {"railway.service": told}).threshold == 2.0
    assert found("worker.deployment", {"railway.service": replace(told, replicas_wanted=4)}).threshold == 4.0


@pytest.mark.parametrize(
    ("skew", "severity", "state"),
    [
        (0.0, OK, "agrees"),
        (30.0, OK, "agrees"),
        (-30.0, OK, "agrees"),
        (30.1, WARNING, "skewed"),
        (-30.1, WARNING, "skewed"),
        (1e9, WARNING, "skewed"),
        (None, OK, "not_told"),
        (float("nan"), UNKNOWN, "blind"),
    ],
)
def test_worker_clock(skew: float | None, severity: Severity, state: str) -> None:
    """Clocks may differ by 30 s either way; a difference nobody told is no trouble, one that is no number is."""
    finding = found("worker.clock", {"worker.health": health(clock_skew_s=skew)})
    assert (finding.severity, finding.state) == (severity, state)


@pytest.mark.parametrize(
    ("told", "answers", "severity", "state"),
    [
        (health(), metrics(), OK, "answers"),
        (unanswered(Answer.SILENT), metrics(), OK, "answers"),
        (unanswered(Answer.SILENT), unanswered_metrics(Answer.SILENT), CRITICAL, "both_silent"),
        (health(), unanswered_metrics(Answer.SILENT), CRITICAL, "silent"),
        (FailureKind.UNREACHABLE, unanswered_metrics(Answer.SILENT), CRITICAL, "silent"),
        (unanswered(Answer.SILENT), metrics(answer=Answer.SILENT), WARNING, "partly_silent"),
        (unanswered(Answer.EDGE_ERROR), unanswered_metrics(Answer.EDGE_ERROR), OK, "gone"),
        (health(), unanswered_metrics(Answer.NOT_FOUND), OK, "gone"),
    ],
)
def test_worker_endpoints(
    told: WorkerHealth | FailureKind, answers: WorkerMetrics, severity: Severity, state: str
) -> None:
    """Silence of /metrics means the process; silence on some answers only means one replica of it."""
    finding = found("worker.endpoints", {"worker.health": told, "worker.metrics": answers})
    assert (finding.severity, finding.state) == (severity, state)


def test_the_profile_moves_the_threshold() -> None:
    """The limit of the profile is the one that is judged and told."""
    patient = replace(SCOPE, thresholds=replace(SCOPE.thresholds, worker_down_s=Limits(None, 300)))
    changes = {
        "worker.health": unanswered(Answer.EDGE_ERROR, 502),
        "worker.log": log(done=0),
        "queue.state": queue(counts(newest_completed_at=ago(300), newest_failed_at=None)),
    }
    finding = found("worker.health", changes, patient)
    assert (finding.severity, finding.threshold) == (WARNING, 300)
