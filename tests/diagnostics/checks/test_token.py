"""A token refused, or only not checked in time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.diagnostics.healthy import FACTS, SCOPE, Changes, found, health, line, log, metrics, sample, service

from diagnostics.model import FailureKind
from diagnostics.readings import Answer, LogEvent, RailwayService, Symptom, Variable
from diagnostics.severity import Severity


def refused(symptom: Symptom, *lines: LogEvent) -> Changes:
    """The worker has lost Redis for this reason, and its log says since when."""
    return {
        "worker.health": health(answer=Answer.DEGRADED, status_code=503, redis_connected=False, redis_symptom=symptom),
        "worker.metrics": metrics(sample(redis_symptom=symptom)),
        "worker.log": log(*lines),
    }


def late(*seconds: float) -> tuple[LogEvent, ...]:
    """Refusals of that ambiguous wording, so many seconds ago."""
    return tuple(line(s, "redis.error", symptom=Symptom.AUTH_TIMED_OUT) for s in seconds)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "no_trouble"),
        (refused(Symptom.CREDENTIALS_REJECTED), "refused"),
        (refused(Symptom.REFUSED), "no_trouble"),
        (refused(Symptom.AUTH_TIMED_OUT, *late(119.9, 5)), "young"),
        (refused(Symptom.AUTH_TIMED_OUT, *late(120, 5)), "lasting"),
        (refused(Symptom.AUTH_TIMED_OUT, *late(120.1, 5)), "lasting"),
        (refused(Symptom.AUTH_TIMED_OUT, *late(900, 5), line(60, "redis.ready")), "young"),
        (refused(Symptom.AUTH_TIMED_OUT), "unsure"),
        ({**refused(Symptom.AUTH_TIMED_OUT), "worker.log": FailureKind.TIMEOUT}, "unsure"),
        (refused(Symptom.AUTH_TIMED_OUT, line(300, "redis.error", symptom=Symptom.REFUSED), *late(9)), "young"),
    ],
)
def test_the_wording_and_its_age_decide(changes: Changes, state: str) -> None:
    """WRONGPASS is plain; the other wording means either, and only for two minutes most likely a timeout."""
    finding = found("worker.token", changes)
    assert finding.state == state
    assert (finding.severity is Severity.OK) == (state == "no_trouble")
    assert (finding.value is not None) == (state in ("young", "lasting"))


def with_token(fingerprint: str) -> RailwayService:
    """Railway's variables with this token."""
    token = Variable(name="UPSTASH_REDIS_REST_TOKEN", length=48, shape="token", fingerprint=fingerprint)
    return service(variables=(*(service().variables or ()), token))


@pytest.mark.parametrize(
    ("ours", "theirs", "reached", "state"),
    [
        ("aaaa1111", "aaaa1111", True, "valid"),
        ("aaaa1111", "bbbb2222", True, "lasting"),
        ("aaaa1111", "aaaa1111", False, "lasting"),
        ("", "", True, "lasting"),
    ],
)
def test_our_own_token_at_work_proves_the_workers(ours: str, theirs: str, reached: bool, state: str) -> None:
    """Equal fingerprints and our connection say that it is right; different ones, or none, say nothing."""
    changes: dict[str, object] = {
        **refused(Symptom.AUTH_TIMED_OUT, *late(600)),
        "railway.service": with_token(theirs),
    }
    if not reached:
        changes["redis.connection"] = FailureKind.UNREACHABLE
    scope = replace(SCOPE, facts=replace(FACTS, redis_token=ours))
    assert found("worker.token", changes, scope).state == state  # type: ignore[arg-type]
