"""Judgement, whatever the evidence: worse is never better, order does not matter, nothing is certain."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.healthy import (
    HEALTHY,
    Changes,
    ago,
    collected,
    counts,
    deployed,
    diagnosed,
    evidence,
    found,
    health,
    line,
    log,
    lost,
    metrics,
    queue,
    rows,
    running,
    sample,
    service,
    unanswered,
    unanswered_metrics,
)

from diagnostics.model import Diagnosis, Evidence, FailureKind
from diagnostics.readings import Answer, OpenRouterAccount, RedisServer, Symptom
from diagnostics.report.verdict import verdict_document
from diagnostics.severity import Severity
from diagnostics.thresholds import Limits

RANK = {Severity.OK: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}
NUMBERS = st.integers(0, 10**7)

WORSE: dict[str, Any] = {
    "queue.depth": lambda n: {"queue.state": queue(counts(wait=n))},
    "queue.delayed": lambda n: {"queue.state": queue(counts(delayed=n))},
    "queue.stalled": lambda n: {"queue.state": queue(counts(active_without_lock=n))},
    "queue.orphans": lambda n: {"queue.state": queue(first=(counts(), counts(name="app-jobs", prioritized=n)))},
    "worker.clock": lambda n: {"worker.health": health(clock_skew_s=float(n))},
    "redis.memory": lambda n: {
        "redis.server": RedisServer(used_bytes=n, limit_bytes=10**5, policy="", connected_clients=None)
    },
    "worker.health": lambda n: {
        "worker.health": unanswered(Answer.EDGE_ERROR, 502),
        "worker.log": log(done=0),
        "queue.state": queue(counts(newest_completed_at=ago(n), newest_failed_at=None)),
    },
    "queue.progress": lambda n: {
        "queue.state": queue(counts(newest_completed_at=ago(n), newest_failed_at=None)),
        "queue.jobs": rows(*running(n, 10)),
    },
    "openrouter.account": lambda n: {
        "openrouter.account": OpenRouterAccount(
            models=None, key_symptom=None, credit_left_usd=50 - n / 1000, latency_s=0.1
        )
    },
}


@pytest.mark.parametrize("check", WORSE)
@given(one=NUMBERS, other=NUMBERS)
def test_a_worse_value_never_lowers_the_severity(check: str, one: int, other: int) -> None:
    """More jobs, more age, more use, less credit: the severity rises or stays."""
    better, worse = sorted((one, other))
    calm, bad = (found(check, WORSE[check](n)).severity for n in (better, worse))
    assert RANK[calm] <= RANK[bad]


@given(st.integers(0, 150), st.integers(0, 150))
def test_more_failures_never_lower_the_severity(one: int, other: int) -> None:
    """The same attempts with more of them failed are never judged better."""
    few, many = sorted((one, other))
    calm, bad = (
        found("jobs.failures", {"worker.log": log(done=150 - failed, failed=failed)}).severity for failed in (few, many)
    )
    assert RANK[calm] <= RANK[bad]


@given(
    st.floats(allow_nan=True, allow_infinity=True) | st.none(),
    st.floats(0, 100) | st.none(),
    st.floats(100, 1000),
)
def test_limits_never_call_nonsense_ok(value: float | None, warning: float | None, critical: float) -> None:
    """Missing, NaN and negative are unknown; exactly at a limit is not above it."""
    limits = Limits(warning, critical)
    severity = limits.judge(value)
    if value is None or value != value or value < 0:
        assert severity is Severity.UNKNOWN
    else:
        assert (severity is Severity.CRITICAL) == (value > critical)
        assert (severity is Severity.OK) == (value <= (critical if warning is None else warning))


SPOILT: dict[str, list[Any]] = {
    "worker.health": [
        health(),
        health(answer=Answer.DEGRADED, redis_connected=False, redis_symptom=Symptom.CREDENTIALS_REJECTED),
        health(queue_name="jobs"),
        *(unanswered(a) for a in Answer if a is not Answer.OK),
    ],
    "worker.metrics": [
        metrics(),
        *(lost(s) for s in Symptom),
        *(unanswered_metrics(a) for a in Answer if a is not Answer.OK),
        metrics(sample(concurrency=5)),
        metrics(sample(), sample(redis_connected=False)),
    ],
    "railway.service": [
        service(),
        service(variables=None),
        service(variables=()),
        service(replicas_running=1),
        *(deployed(s, replicas_running=0) for s in ("CRASHED", "FAILED", "REMOVED", "BUILDING", "SUCCESS", "NEW")),
    ],
    "worker.log": [
        log(),
        log(done=0),
        *(log(*(line(i + 1, "worker.error", symptom=s) for i in range(6)), done=0) for s in Symptom),
        *(log(*(line(i + 1, "job.failed", symptom=s, job_name="a") for i in range(30))) for s in Symptom),
        log(*(line(30 * i, "worker.start", instance="a") for i in range(9))),
    ],
    "redis.connection": [HEALTHY["redis.connection"]],
    "queue.state": [
        queue(),
        queue(counts(is_paused=True, wait=0, paused=900, active=0)),
        queue(counts(wait=5000, active=50)),
        queue(counts(wait=900, active=0, newest_completed_at=ago(900), oldest_waiting_at=ago(800))),
        queue(counts(wait=900, active=50, newest_completed_at=ago(900))),
        queue(counts(wait=None)),
        queue(counts(is_present=False)),
        queue(counts(delayed=5000)),
    ],
    "queue.jobs": [rows(), rows(*running(600, 50)), rows(rows=())],
    "queue.events": [HEALTHY["queue.events"]],
    "redis.server": [
        HEALTHY["redis.server"],
        RedisServer(used_bytes=2, limit_bytes=1, policy="", connected_clients=None),
        RedisServer(used_bytes=None, limit_bytes=None, policy="", connected_clients=None),
    ],
    "openrouter.account": [
        HEALTHY["openrouter.account"],
        *(
            OpenRouterAccount(models=None, key_symptom=s, credit_left_usd=None, latency_s=None)
            for s in (Symptom.OPENROUTER_CREDENTIALS, Symptom.OPENROUTER_DOWN, Symptom.TIMED_OUT)
        ),
    ],
}
PLATFORMS = st.fixed_dictionaries(
    {probe: st.sampled_from(readings) | st.sampled_from(FailureKind) | st.none() for probe, readings in SPOILT.items()}
)


def worded(diagnosis: Diagnosis) -> str:
    """Everything a reader is told."""
    return json.dumps(verdict_document(diagnosis), sort_keys=True)


@given(PLATFORMS)
def test_every_platform_gets_a_verdict(changes: Changes) -> None:
    """No mixture of readings and failures crashes a check; confidence stays in [0, 0.97] and ranks the causes."""
    diagnosis = diagnosed(collected(changes))
    assert diagnosis.causes
    confidences = [c.confidence for c in diagnosis.causes]
    assert all(0 <= c <= 0.97 for c in confidences)
    assert confidences == sorted(confidences, reverse=True)
    assert len({c.id for c in diagnosis.causes}) == len(diagnosis.causes)
    assert str(diagnosis.next_step)
    known = {e.id for e in diagnosis.evidence}
    for finding in diagnosis.findings:
        assert str(finding.sentence)
        assert set(finding.evidence) <= known


@given(PLATFORMS)
def test_unknown_is_never_healthy(changes: Changes) -> None:
    """OK and `none` go together, and never with a blind spot; every unknown finding is a blind spot."""
    diagnosis = diagnosed(collected(changes))
    assert (diagnosis.severity is Severity.OK) == ([c.id for c in diagnosis.causes] == ["none"])
    if diagnosis.severity is Severity.OK:
        assert diagnosis.blind_spots == ()
    unknown = {f.id for f in diagnosis.findings if f.severity is Severity.UNKNOWN}
    assert unknown <= {s.check for s in diagnosis.blind_spots}
    for spot in diagnosis.blind_spots:
        assert str(spot.why)
        assert str(spot.regain)


SILENT = {"silent", "partly_silent", "both_silent", "silent_with_all", "rest_silent", "timed_out"}
SILENT |= {"down", "partly", "flaky"}
"""States of findings that somebody's silence leads to, the site's availability among them."""
VENDOR = {"worker.log": "railway", "redis.plan": "upstash"}
VENDORS = {"railway", "vercel", "supabase", "sentry", "openrouter", "upstash"}


def late(diagnosis: Diagnosis) -> set[str]:
    """Vendors one of whose own services gave no answer in time."""
    kinds = (FailureKind.TIMEOUT, FailureKind.DEADLINE)
    probes = [item.probe for item in diagnosis.evidence if item.failure and item.failure.kind in kinds]
    return {VENDOR.get(name, name.removeprefix("provider.").partition(".")[0]) for name in probes} & VENDORS


@given(PLATFORMS)
def test_abnormal_platforms_always_have_something_asserted(changes: Changes) -> None:
    """An abnormal finding leads to an asserted cause or to `unexplained`, never to silence."""
    diagnosis = diagnosed(collected(changes))
    top = diagnosis.causes[0]
    assert top.confidence >= 0.5
    if diagnosis.severity in (Severity.WARNING, Severity.CRITICAL):
        assert top.id not in ("none", "observer.credentials_missing")
        if top.id == "observer.network":
            assert len(late(diagnosis)) >= 2
            abnormal = {f.state for f in diagnosis.findings if f.severity in (Severity.WARNING, Severity.CRITICAL)}
            assert abnormal <= SILENT, "what somebody told outweighs what was not told"
        assert top.explains


@given(PLATFORMS, st.randoms(use_true_random=False))
def test_the_order_of_evidence_does_not_matter(changes: Changes, random: Any) -> None:
    """Probes finish in any order; the verdict is the same."""
    items: list[Evidence] = list(collected(changes))
    before = worded(diagnosed(tuple(items)))
    random.shuffle(items)
    assert _sorted(before) == _sorted(worded(diagnosed(tuple(items))))


def _sorted(document: str) -> Any:
    """Blind spots and limits follow the order of looking; their order says nothing."""
    body = json.loads(document)
    for name in ("blind_spots", "limits"):
        body[name] = sorted(body[name], key=json.dumps)
    return body


@given(PLATFORMS)
def test_the_same_evidence_gives_the_same_verdict(changes: Changes) -> None:
    """Judgement has no clock, chance or memory of its own."""
    items = collected(changes)
    assert worded(diagnosed(items)) == worded(diagnosed(items))


@given(PLATFORMS, st.sampled_from(list(HEALTHY)), st.sampled_from(FailureKind))
def test_losing_a_look_never_turns_trouble_into_health(changes: Changes, probe: str, kind: FailureKind) -> None:
    """What was not healthy with a reading is not healthy without it, unless the system leaves the profile."""
    if kind is FailureKind.NOT_CONFIGURED:
        return
    items = collected(changes)
    without = tuple(evidence(probe, kind) if e.probe == probe else e for e in items)
    if (probe, kind) != ("redis.server", FailureKind.UNAUTHORIZED):
        assert diagnosed(without).severity is not Severity.OK
