"""Redis itself, room in the worker, its variables and OpenRouter."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.diagnostics.healthy import (
    SCOPE,
    Changes,
    counts,
    found,
    health,
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

from diagnostics.model import FailureKind
from diagnostics.readings import Answer, OpenRouterAccount, QueueCounts, RedisServer, Symptom, Variable
from diagnostics.severity import Severity

OK, WARNING, CRITICAL, UNKNOWN = Severity.OK, Severity.WARNING, Severity.CRITICAL, Severity.UNKNOWN
WORKER_LOST: Changes = {
    "worker.health": unanswered(Answer.SILENT),
    "worker.metrics": lost(Symptom.REFUSED),
}


@pytest.mark.parametrize("kind", [FailureKind.UNREACHABLE, FailureKind.TIMEOUT, FailureKind.UNRESOLVED])
def test_redis_out_of_reach_for_both_is_an_outage(kind: FailureKind) -> None:
    """Neither we nor the worker reach Redis: that is not our network."""
    finding = found("redis.connection", {**WORKER_LOST, "redis.connection": kind})
    assert (finding.severity, finding.state) == (CRITICAL, "unreachable")


@pytest.mark.parametrize(
    "worker",
    [
        {},
        {"worker.health": unanswered(Answer.EDGE_ERROR), "worker.metrics": unanswered_metrics(Answer.EDGE_ERROR)},
        {"worker.health": FailureKind.TIMEOUT, "worker.metrics": FailureKind.TIMEOUT},
    ],
)
def test_redis_out_of_reach_for_us_alone_is_our_blind_spot(worker: Changes) -> None:
    """What only we cannot reach says something about us."""
    finding = found("redis.connection", {**worker, "redis.connection": FailureKind.UNREACHABLE})
    assert (finding.severity, finding.state) == (UNKNOWN, "blind")


@pytest.mark.parametrize(
    ("told", "set_to", "state"),
    [
        (24, "25", "lowered"),
        (25, "50", "usual"),
        (26, "25", "raised"),
        (50, "50", "raised"),
        (None, "50", "raised"),
        (None, "", "not_told"),
        (None, "many", "not_told"),
    ],
)
def test_the_concurrency_at_work_goes_before_the_one_set(told: int | None, set_to: str, state: str) -> None:
    """What the worker says counts, else Railway's variable; 25 is usual, and another value is no fault of its own."""
    variable = Variable(name="JOB_CONCURRENCY", length=len(set_to), shape="integer", fingerprint="", value=set_to)
    changes: Changes = {
        "worker.health": health(concurrency=told),
        "railway.service": service(variables=(variable,)),
    }
    finding = found("worker.concurrency", changes)
    assert (finding.state, finding.severity) == (state, OK)


def test_a_spent_quota_counts_from_either_side() -> None:
    """The server's own word needs no second witness."""
    finding = found("redis.connection", {"redis.connection": FailureKind.QUOTA})
    assert (finding.severity, finding.state) == (CRITICAL, "quota_exhausted")


@pytest.mark.parametrize(
    ("used", "limit", "severity", "state"),
    [
        (0, 100, OK, "room"),
        (90, 100, OK, "room"),
        (91, 100, WARNING, "full"),
        (100, 100, WARNING, "full"),
        (101, 100, CRITICAL, "full"),
        (10**12, None, OK, "unlimited"),
        (None, None, OK, "unlimited"),
        (None, 100, UNKNOWN, "blind"),
    ],
)
def test_redis_memory(used: int | None, limit: int | None, severity: Severity, state: str) -> None:
    """More than 90 % of the limit is full; no limit is no trouble; a limit without a use is unknown."""
    server = RedisServer(used_bytes=used, limit_bytes=limit, policy="noeviction", connected_clients=None)
    finding = found("redis.memory", {"redis.server": server})
    assert (finding.severity, finding.state) == (severity, state)


def loaded(
    *, active: int, wait: int, added: int | None = 50, concurrency: int = 25, before: int | None = None
) -> Changes:
    """Two replicas of `concurrency` slots; `added` jobs arrived within two seconds."""
    now = counts(active=active, wait=wait, last_id=9000)
    then: QueueCounts = replace(
        now, wait=wait if before is None else before, last_id=None if added is None else 9000 - added
    )
    return {
        "queue.state": queue(now, then),
        "worker.health": health(concurrency=concurrency),
        "worker.metrics": metrics(sample(concurrency=concurrency)),
    }


@pytest.mark.parametrize(
    ("changes", "severity", "state"),
    [
        (loaded(active=50, wait=1000), WARNING, "full"),
        (loaded(active=45, wait=1000), WARNING, "full"),
        (loaded(active=44, wait=1000), OK, "enough"),
        (loaded(active=50, wait=51), WARNING, "full"),
        (loaded(active=50, wait=50), OK, "enough"),
        (loaded(active=10, wait=1000, concurrency=5), WARNING, "concurrency_low"),
        (loaded(active=48, wait=1000, concurrency=24), WARNING, "concurrency_low"),
        (loaded(active=50, wait=900, before=1000, added=10), OK, "recovering"),
        (loaded(active=50, wait=900, before=1000, added=35), OK, "recovering"),
        (loaded(active=50, wait=900, before=1000, added=36), WARNING, "full"),  # up to 50 a second, the slots' number
        (loaded(active=50, wait=900, before=1000, added=200), WARNING, "full"),
        (loaded(active=50, wait=1000, before=1000, added=10), WARNING, "full"),
        (loaded(active=50, wait=1000, added=None), OK, "too_little"),
        (loaded(active=50, wait=1000, added=-5), OK, "too_little"),
        (
            {
                **loaded(active=50, wait=1000),
                "queue.jobs": rows(rows=()),
                "worker.metrics": FailureKind.TIMEOUT,
                "worker.log": FailureKind.TIMEOUT,
            },
            OK,
            "too_little",
        ),
        (loaded(active=0, wait=1000, concurrency=0), OK, "too_little"),
    ],
)
def test_capacity(changes: Changes, severity: Severity, state: str) -> None:
    """Nine tenths of the slots in use and more waiting than there are slots; below 25 a replica it is the setting."""
    finding = found("worker.capacity", changes)
    assert (finding.severity, finding.state) == (severity, state)


def test_capacity_tells_the_slots_that_are_needed() -> None:
    """Slots needed = arrivals per second x seconds per job, beside the slots there are."""
    finding = found("worker.capacity", {**loaded(active=50, wait=1000, added=100), "queue.jobs": rows(*running(1))})
    assert (finding.value, finding.threshold, finding.unit) == (100.0, 50.0, "slots")


def variable(name: str, **changes: object) -> Variable:
    """A good variable, spoilt."""
    good = Variable(name=name, length=40, shape="token", fingerprint="0c0c0c0c")
    return replace(good, **changes)


def variables(*more: Variable, without: str = "") -> Changes:
    """The worker's variables with `more` in place of or beside the good ones."""
    known = {v.name: v for v in (*(service().variables or ()), *more) if v.name != without}
    return {"railway.service": service(variables=tuple(known.values()))}


DOWN: Changes = {"worker.health": unanswered(Answer.EDGE_ERROR, 502)}


@pytest.mark.parametrize(
    ("changes", "severity", "state"),
    [
        (variables(), OK, "complete"),
        (variables(without="ENCRYPTION_KEY"), WARNING, "missing"),
        (variables(variable("ENCRYPTION_KEY", length=32)), OK, "complete"),
        (variables(variable("ENCRYPTION_KEY", length=31)), CRITICAL, "malformed"),
        (variables(variable("ENCRYPTION_KEY", length=0, shape="empty")), CRITICAL, "malformed"),
        (variables(variable("ENCRYPTION_KEY", shape="placeholder")), CRITICAL, "malformed"),
        (variables(variable("ENCRYPTION_KEY", shape="token:stray whitespace")), CRITICAL, "malformed"),
        (variables(variable("KOMMO_WEBHOOK_SECRET", length=15)), CRITICAL, "malformed"),
        (variables(variable("KOMMO_WEBHOOK_SECRET", length=16)), OK, "complete"),
        (variables(variable("JOB_CONCURRENCY", shape="integer", value="1")), OK, "complete"),
        (variables(variable("JOB_CONCURRENCY", shape="integer", value="0")), CRITICAL, "malformed"),
        (variables(variable("JOB_CONCURRENCY", shape="integer", value="-3")), CRITICAL, "malformed"),
        (variables(variable("JOB_CONCURRENCY", shape="text")), CRITICAL, "malformed"),
        (variables(variable("UPSTASH_REDIS_REST_URL", shape="identifier")), CRITICAL, "malformed"),
        (variables(variable("UPSTASH_REDIS_REST_URL", shape="url", host="other.example")), OK, "host_differs"),
        (variables(variable("SOMEBODY_S_PEM", shape="text:stray whitespace")), OK, "complete"),
        ({"railway.service": service(variables=())}, WARNING, "missing"),
        ({"railway.service": service(variables=None)}, UNKNOWN, "blind"),
    ],
)
def test_environment_of_a_worker_that_does_not_answer(changes: Changes, severity: Severity, state: str) -> None:
    """What the worker's own schema refuses is critical; a variable it does not read is none of our business."""
    finding = found("worker.environment", {**DOWN, **changes})
    assert (finding.severity, finding.state) == (severity, state)


def test_malformed_variable_of_an_answering_worker_is_a_warning() -> None:
    """A worker that runs has accepted its variables; the next start may not."""
    changes = variables(variable("ENCRYPTION_KEY", shape="token:stray whitespace"))
    finding = found("worker.environment", changes)
    assert (finding.severity, finding.state) == (WARNING, "malformed")


def test_environment_names_names_only() -> None:
    """The sentence tells which variable and what is wrong, never a value."""
    changes = variables(variable("JOB_CONCURRENCY", shape="integer", value="0"))
    sentence = str(found("worker.environment", {**DOWN, **changes}).sentence)
    assert "JOB_CONCURRENCY (not a positive integer)" in sentence


@pytest.mark.parametrize(
    ("symptom", "left", "severity", "state"),
    [
        (None, 20.0, OK, "good"),
        (None, 1.0, OK, "good"),
        (None, 0.99, WARNING, "low_credit"),
        (None, 0.0, WARNING, "low_credit"),
        (None, -3.0, WARNING, "low_credit"),
        (None, None, OK, "good"),
        (None, float("nan"), UNKNOWN, "blind"),
        (Symptom.OPENROUTER_CREDENTIALS, None, WARNING, "openrouter_credentials"),
        (Symptom.OPENROUTER_CREDIT, -1.0, WARNING, "openrouter_credit"),
        (Symptom.OPENROUTER_RATE_LIMITED, None, WARNING, "openrouter_rate_limited"),
        (Symptom.OPENROUTER_DOWN, None, WARNING, "openrouter_down"),
        (Symptom.TIMED_OUT, None, WARNING, "timed_out"),
    ],
)
def test_openrouter_account(symptom: Symptom | None, left: float | None, severity: Severity, state: str) -> None:
    """Less than a dollar is low; a refusal of the key is a warning of its own; no limit set is good."""
    account = OpenRouterAccount(models=None, key_symptom=symptom, credit_left_usd=left, latency_s=0.1)
    finding = found("openrouter.account", {"openrouter.account": account})
    assert (finding.severity, finding.state) == (severity, state)


def test_several_profiles_queues_are_named_in_commands() -> None:
    """The command of a finding is about the profile's first queue."""
    other = replace(SCOPE, facts=replace(SCOPE.facts, queue_names=("night-jobs",)))
    assert "night-jobs" in found("redis.connection", {}, other).command
