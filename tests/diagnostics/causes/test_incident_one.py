"""The faults of incident 1, as the platform's sheet describes their symptoms, and the cause each must put on top."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.diagnostics.healthy import (
    NOW_MS,
    Changes,
    ago,
    collected,
    counts,
    deployed,
    diagnosed,
    health,
    line,
    log,
    lost,
    metrics,
    public,
    queue,
    rows,
    running,
    sample,
    service,
    unanswered,
    unanswered_metrics,
)

from diagnostics.causes.ranking import ASSERTED
from diagnostics.model import Diagnosis, FailureKind
from diagnostics.readings import (
    Answer,
    LogEvent,
    OpenRouterAccount,
    QueueEvents,
    RedisServer,
    Symptom,
    Variable,
    WorkerLog,
)
from diagnostics.severity import Severity

HANGS = {"worker.health": unanswered(Answer.SILENT)}
GONE = {
    "worker.health": unanswered(Answer.EDGE_ERROR, 502),
    "worker.metrics": unanswered_metrics(Answer.EDGE_ERROR, 502),
}
CRASHED = deployed("CRASHED", replicas_running=0, instance_statuses=("CRASHED", "CRASHED"))
STILL = {"newest_completed_at": ago(600), "newest_failed_at": ago(900), "oldest_waiting_at": ago(590)}
PILE = queue(counts(wait=900, active=0, **STILL))
NO_JOBS = {"queue.state": PILE, "queue.jobs": rows()}


def refused(symptom: Symptom, since_s: float = 9) -> tuple[LogEvent, ...]:
    """Error lines of the connection to Redis, the first of them `since_s` seconds ago."""
    return tuple(line(s, "redis.error", symptom=symptom) for s in (since_s, 8, 7, 6, 5))


def slowed(types: int) -> WorkerLog:
    """Jobs of so many types took two seconds each and now take twenty."""
    names = [f"type-{i}" for i in range(types)]
    before = [line(600 + i, job_name=name, duration_ms=2000.0) for i in range(6) for name in names]
    now = [line(3 * i + 1, job_name=name, duration_ms=20_000.0) for i in range(4) for name in names]
    return log(*before, *now, done=0)


def dying(symptom: Symptom) -> tuple[LogEvent, ...]:
    """A start, and the error that ends it, again and again."""
    return tuple(
        e
        for i in range(4)
        for e in (
            line(300 - i * 60, "worker.start", instance="a"),
            line(299 - i * 60, "", symptom=symptom, instance="a"),
        )
    )


def account(symptom: Symptom | None) -> OpenRouterAccount:
    """OpenRouter's answer about our key."""
    return OpenRouterAccount(models=None, key_symptom=symptom, credit_left_usd=None, latency_s=0.1)


def failures(symptom: Symptom, name: str = "extract-knowledge-graph") -> tuple[LogEvent, ...]:
    """A quarter of the attempts fails for this reason."""
    return tuple(line(2 + i, "job.failed", symptom=symptom, job_name=name) for i in range(14))


FAULTS: dict[str, tuple[Changes, str]] = {
    "1.01 host name wrong": (
        {
            **HANGS,
            **NO_JOBS,
            "worker.metrics": lost(Symptom.NAME_UNRESOLVED),
            "worker.log": log(*refused(Symptom.NAME_UNRESOLVED), done=0),
            "railway.service": service(
                variables=(
                    *(v for v in service().variables or () if v.name != "UPSTASH_REDIS_REST_URL"),
                    Variable(
                        name="UPSTASH_REDIS_REST_URL", length=30, shape="url", fingerprint="0d", host="typo.example"
                    ),
                )
            ),
        },
        "redis.name_unresolved",
    ),
    "1.02 name server fails": (
        {
            **HANGS,
            **NO_JOBS,
            "worker.metrics": lost(Symptom.NAME_TEMPORARY),
            "worker.log": log(*refused(Symptom.NAME_TEMPORARY), done=0),
        },
        "redis.name_flapping",
    ),
    "1.03 instance down": (
        {
            **HANGS,
            "worker.metrics": lost(Symptom.REFUSED),
            "worker.log": log(*refused(Symptom.REFUSED), done=0),
            **dict.fromkeys(
                ("redis.connection", "queue.state", "queue.jobs", "queue.events", "redis.server"),
                FailureKind.UNREACHABLE,
            ),
        },
        "redis.unreachable",
    ),
    "1.03 network blocked for the worker": (
        {**HANGS, **NO_JOBS, "worker.metrics": lost(Symptom.TIMED_OUT)},
        "redis.unreachable",
    ),
    "1.04 token rotated": (
        {
            **NO_JOBS,
            "worker.health": health(
                answer=Answer.DEGRADED,
                status_code=503,
                redis_connected=False,
                redis_symptom=Symptom.CREDENTIALS_REJECTED,
            ),
            "worker.metrics": metrics(sample(redis_connected=True, redis_symptom=Symptom.CREDENTIALS_REJECTED)),
            "worker.log": log(*refused(Symptom.CREDENTIALS_REJECTED), done=0),
        },
        "redis.credentials_rejected",
    ),
    "1.05 token not checked in time": (
        {
            **NO_JOBS,
            "worker.health": health(
                answer=Answer.DEGRADED, status_code=503, redis_connected=False, redis_symptom=Symptom.AUTH_TIMED_OUT
            ),
            "worker.metrics": metrics(sample(redis_connected=True, redis_symptom=Symptom.AUTH_TIMED_OUT)),
            "worker.log": log(*refused(Symptom.AUTH_TIMED_OUT), done=0),
        },
        "redis.auth_timeout",
    ),
    "1.04 refused in those words for an hour": (
        {
            **NO_JOBS,
            "worker.health": health(
                answer=Answer.DEGRADED, status_code=503, redis_connected=False, redis_symptom=Symptom.AUTH_TIMED_OUT
            ),
            "worker.metrics": metrics(sample(redis_connected=True, redis_symptom=Symptom.AUTH_TIMED_OUT)),
            "worker.log": log(*refused(Symptom.AUTH_TIMED_OUT, 3600), done=0),
        },
        "redis.credentials_rejected",
    ),
    "1.07 quota exhausted, seen by us": (
        {
            **dict.fromkeys(
                ("redis.connection", "queue.state", "queue.jobs", "queue.events", "redis.server"), FailureKind.QUOTA
            ),
        },
        "redis.quota_exhausted",
    ),
    "1.07 quota exhausted, seen by the worker": (
        {
            **NO_JOBS,
            "worker.health": health(
                answer=Answer.DEGRADED, redis_connected=False, redis_symptom=Symptom.QUOTA_EXHAUSTED
            ),
            "worker.log": log(*refused(Symptom.QUOTA_EXHAUSTED), done=0),
        },
        "redis.quota_exhausted",
    ),
    "1.08 variable invalid": (
        {
            **GONE,
            **NO_JOBS,
            "worker.log": log(*dying(Symptom.ENVIRONMENT_INVALID), done=0),
            "railway.service": CRASHED,
        },
        "worker.environment_invalid",
    ),
    "1.09 module missing": (
        {**GONE, **NO_JOBS, "worker.log": log(*dying(Symptom.MODULE_MISSING), done=0), "railway.service": CRASHED},
        "worker.crash_loop",
    ),
    "1.10 illegal queue name": (
        {**GONE, **NO_JOBS, "worker.log": log(*dying(Symptom.QUEUE_NAME_ILLEGAL), done=0), "railway.service": CRASHED},
        "worker.crash_loop",
    ),
    "stopped by a person": (
        {**GONE, **NO_JOBS, "worker.log": log(done=0), "railway.service": deployed("REMOVED", replicas_running=0)},
        "worker.down",
    ),
    "1.11 queue paused": (
        {"queue.state": queue(counts(is_paused=True, wait=0, paused=900, active=0, **STILL)), "queue.jobs": rows()},
        "queue.paused",
    ),
    "1.12 queue name differs": (
        {
            **NO_JOBS,
            "worker.health": health(queue_name="jobs"),
            "worker.metrics": metrics(sample(queue_name="jobs")),
        },
        "queue.name_mismatch",
    ),
    "1.13 another Redis": (
        {
            **NO_JOBS,
            "railway.service": service(
                variables=(
                    Variable(
                        name="UPSTASH_REDIS_REST_URL", length=30, shape="url", fingerprint="0d", host="other.example"
                    ),
                    *(v for v in service().variables or () if v.name != "UPSTASH_REDIS_REST_URL"),
                )
            ),
        },
        "queue.redis_mismatch",
    ),
    "1.14 handler missing": (
        {"worker.log": log(*failures(Symptom.HANDLER_MISSING, "process-asset"))},
        "jobs.handler_missing",
    ),
    "1.15 handlers hung": (
        {
            "queue.state": queue(counts(wait=900, active=50, **STILL)),
            "queue.jobs": rows(*running(600, 50)),
            "worker.log": log(done=0),
        },
        "worker.handlers_hung",
    ),
    "1.16 event loop blocked": (
        {
            **HANGS,
            "worker.metrics": unanswered_metrics(Answer.SILENT),
            "worker.log": log(
                *(line(9 + i, "worker.error", symptom=Symptom.LOCK_LOST) for i in range(5)),
                *(line(9 + i, "job.stalled", symptom=Symptom.STALLED) for i in range(5)),
                done=0,
            ),
            "queue.state": queue(counts(wait=900, active=50, active_without_lock=50, **STILL)),
        },
        "worker.event_loop_blocked",
    ),
    "1.17 killed for memory": (
        {
            "worker.log": log(*(line(60 * i + 5, "worker.start", instance="a") for i in range(8)), done=10),
            "railway.service": service(replicas_running=1),
        },
        "worker.out_of_memory",
    ),
    "1.17 heap exhausted": (
        {
            **GONE,
            "worker.log": log(*dying(Symptom.HEAP_FULL), done=0),
            "railway.service": CRASHED,
        },
        "worker.out_of_memory",
    ),
    "1.18 rate limit": (
        {"worker.log": log(*failures(Symptom.OPENROUTER_RATE_LIMITED))},
        "openrouter.rate_limited",
    ),
    "1.18 bad key": (
        {
            "worker.log": log(*failures(Symptom.OPENROUTER_CREDENTIALS)),
            "openrouter.account": account(Symptom.OPENROUTER_CREDENTIALS),
        },
        "openrouter.credentials_rejected",
    ),
    "1.18 no credit": (
        {
            "worker.log": log(*failures(Symptom.OPENROUTER_CREDIT)),
            "openrouter.account": account(Symptom.OPENROUTER_CREDIT),
        },
        "openrouter.credit_exhausted",
    ),
    "1.18 down": ({"worker.log": log(*failures(Symptom.OPENROUTER_DOWN))}, "openrouter.down"),
    "1.20 Kommo access revoked": (
        {"worker.log": log(*(line(2 + i, "job.failed", symptom=Symptom.KOMMO_TOKEN, job_name="x") for i in range(2)))},
        "jobs.kommo_reauthorisation",
    ),
    "1.22 no work at all": (
        {
            "queue.state": queue(counts(wait=0, active=0, newest_completed_at=ago(7200), oldest_waiting_at=None)),
            "queue.jobs": rows(),
            "worker.log": log(done=0),
        },
        "none",
    ),
    "2.01 surge": (
        {
            "queue.state": queue(counts(wait=2000, active=50), counts(wait=1990, active=50, last_id=8900)),
        },
        "traffic.surge",
    ),
    "2.02 database slow": (
        {
            "queue.state": queue(counts(wait=900, active=50), counts(wait=890, active=50, last_id=8900)),
            "worker.log": slowed(5),
        },
        "database.slow_queries",
    ),
    "2.03 storm of 429": (
        {
            "queue.state": queue(counts(delayed=900)),
            "worker.log": log(*failures(Symptom.OPENROUTER_RATE_LIMITED)),
        },
        "openrouter.rate_limited",
    ),
    "database down": ({"worker.log": log(*failures(Symptom.DATABASE_DOWN))}, "database.down"),
    "4.06 table missing": (
        {"worker.log": log(*failures(Symptom.DATABASE_SCHEMA, "kommo:webhook"))},
        "database.schema_missing",
    ),
    "4.10 one table locked": (
        {"worker.log": log(*failures(Symptom.DATABASE_TIMEOUT, "kommo:webhook"))},
        "database.lock_contention",
    ),
    "2.04 poison type": (
        {"worker.log": log(*failures(Symptom.OTHER, "generate-report"))},
        "jobs.poison_type",
    ),
    "2.06 concurrency lowered": (
        {
            "queue.state": queue(counts(wait=2000, active=10), counts(wait=1990, active=10, last_id=8900)),
            "worker.health": health(concurrency=5),
            "worker.metrics": metrics(sample(concurrency=5), sample(concurrency=5, started_at=ago(80_000))),
        },
        "worker.concurrency_too_low",
    ),
    "2.08 delayed pile-up": ({"queue.state": queue(counts(delayed=3000))}, "queue.delayed_backlog"),
    "2.09 orphan pile-up": (
        {
            "queue.state": queue(
                first=(counts(), counts(name="app-jobs", wait=0, prioritized=3000, active=0)),
            )
        },
        "queue.prioritized_backlog",
    ),
    "2.09 orphans growing": (
        {
            "queue.state": queue(
                first=(counts(), counts(name="app-jobs", wait=3000, active=0)),
                second=(counts(), counts(name="app-jobs", wait=3000, active=0, last_id=9010)),
            )
        },
        "queue.orphaned",
    ),
    "2.07 failed pile-up": ({"queue.state": queue(counts(failed=5000))}, "queue.failed_pile"),
    "2.10 stalled churn": (
        {
            "worker.log": log(
                *(line(9 + i, "worker.error", symptom=Symptom.LOCK_LOST) for i in range(5)),
                *(line(9 + i, "job.stalled", symptom=Symptom.STALLED) for i in range(5)),
                *failures(Symptom.STALLED),
            ),
            "queue.events": QueueEvents(
                queue="agent-jobs",
                at_ms=tuple(NOW_MS - 1000 * s for s in range(60, 0, -5)),
                kind=("stalled",) * 12,
                complete_since_ms=NOW_MS - 60_000,
            ),
            "queue.state": queue(counts(active=50, active_without_lock=20)),
        },
        "worker.stalled_churn",
    ),
    "2.13 duplicates refused": (
        {
            "queue.events": QueueEvents(
                queue="agent-jobs",
                at_ms=(NOW_MS,),
                kind=("duplicated",),
                complete_since_ms=NOW_MS,
                refused_most=12,
                refused_by="finished",
                refused_name="crm:sync-contacts",
            )
        },
        "queue.duplicates_refused",
    ),
    "rate limit of the queue": (
        {
            "queue.state": queue(
                counts(wait=700, active=1, limiter_ms=4000, limiter_jobs=5, rate_max_jobs=5, rate_window_ms=5000)
            )
        },
        "queue.rate_limited",
    ),
    "rate limit of the queue, nothing moves": (
        {
            "queue.state": queue(
                counts(
                    **{**STILL, "oldest_waiting_at": ago(500)},
                    wait=2000,
                    active=0,
                    limiter_ms=400_000,
                    limiter_jobs=1,
                    rate_max_jobs=1,
                    rate_window_ms=3_600_000,
                )
            ),
            "queue.jobs": rows(),
        },
        "queue.rate_limited",
    ),
    "global concurrency": (
        {"queue.state": queue(counts(wait=2000, active=2, concurrency_limit=2))},
        "queue.global_limit",
    ),
    "dead letters unfiled": ({"queue.state": queue(fallback_keys=3)}, "queue.dead_letters_unfiled"),
    "2.11 memory full": (
        {
            "redis.server": RedisServer(used_bytes=101, limit_bytes=100, policy="noeviction", connected_clients=None),
            "worker.log": log(*(line(5 + i, "worker.error", symptom=Symptom.OUT_OF_MEMORY) for i in range(9)), done=0),
            "queue.state": queue(counts(wait=900, active=0, **STILL)),
            "queue.jobs": rows(),
        },
        "redis.memory_full",
    ),
}


def test_a_provider_that_hangs_stands_below_the_handlers_that_wait_for_it() -> None:
    """What it did to the slots is the incident; the provider is explained by it, and named next."""
    changes: Changes = {
        **FAULTS["1.15 handlers hung"][0],
        "openrouter.account": account(Symptom.TIMED_OUT),
    }
    top, second = verdict(changes).causes[:2]
    assert (top.id, second.id) == ("worker.handlers_hung", "openrouter.down")
    assert "openrouter.account" in top.explains


def verdict(changes: Changes) -> Diagnosis:
    """The diagnosis of a platform healthy but for `changes`."""
    return diagnosed(collected(changes))


@pytest.mark.parametrize(("changes", "cause"), FAULTS.values(), ids=FAULTS)
def test_fault_puts_its_cause_on_top(changes: Changes, cause: str) -> None:
    """The cause is asserted, and one that is not `none` explains something abnormal."""
    diagnosis = verdict(changes)
    top = diagnosis.causes[0]
    assert top.id == cause
    assert top.confidence >= ASSERTED
    assert top.steps
    assert bool(top.explains) == (cause != "none")


@pytest.mark.parametrize("fault", [name for name, (_, cause) in FAULTS.items() if cause != "none"])
def test_only_one_cause_is_asserted(fault: str) -> None:
    """Consequences stand under their root: nothing else reaches the level of an assertion."""
    causes = verdict(FAULTS[fault][0]).causes
    assert [c.id for c in causes if c.confidence >= ASSERTED] == [FAULTS[fault][1]]


@pytest.mark.parametrize("fault", [name for name, (_, cause) in FAULTS.items() if cause != "none"])
def test_a_cause_explains_most_of_what_is_abnormal(fault: str) -> None:
    """The findings the top cause leaves unexplained are the lesser part."""
    diagnosis = verdict(FAULTS[fault][0])
    abnormal = [f.id for f in diagnosis.findings if f.severity in (Severity.WARNING, Severity.CRITICAL)]
    assert len(diagnosis.causes[0].explains) * 2 > len(abnormal)


PAIRS = [
    ("1.01 host name wrong", "1.03 network blocked for the worker"),
    ("1.01 host name wrong", "1.02 name server fails"),
    ("1.04 token rotated", "1.05 token not checked in time"),
    ("1.04 refused in those words for an hour", "1.05 token not checked in time"),
    ("1.12 queue name differs", "1.13 another Redis"),
    ("2.01 surge", "2.02 database slow"),
    ("2.02 database slow", "2.03 storm of 429"),
    ("2.02 database slow", "4.10 one table locked"),
    ("2.03 storm of 429", "2.08 delayed pile-up"),
    ("1.20 Kommo access revoked", "2.04 poison type"),
    ("database down", "4.06 table missing"),
    ("1.03 instance down", "1.16 event loop blocked"),
    ("1.08 variable invalid", "1.09 module missing"),
    ("1.11 queue paused", "1.22 no work at all"),
    ("1.15 handlers hung", "2.01 surge"),
    ("1.17 killed for memory", "1.09 module missing"),
    ("1.17 heap exhausted", "2.11 memory full"),
    ("1.18 rate limit", "1.18 down"),
    ("1.18 bad key", "1.18 no credit"),
    ("2.01 surge", "2.06 concurrency lowered"),
    ("2.08 delayed pile-up", "2.09 orphan pile-up"),
    ("1.14 handler missing", "2.04 poison type"),
    ("1.16 event loop blocked", "2.10 stalled churn"),
    ("1.17 killed for memory", "2.10 stalled churn"),
    ("1.15 handlers hung", "global concurrency"),
    ("2.01 surge", "global concurrency"),
    ("2.01 surge", "rate limit of the queue"),
    ("1.11 queue paused", "rate limit of the queue, nothing moves"),
    ("1.15 handlers hung", "1.18 down"),
    ("2.09 orphan pile-up", "2.09 orphans growing"),
    ("2.04 poison type", "2.07 failed pile-up"),
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_confusable_faults_are_told_apart(one: str, other: str) -> None:
    """What one of a pair asserts, the other does not even suspect at half that strength."""
    for here, there in ((one, other), (other, one)):
        mine = FAULTS[here][1]
        suspected = {c.id: c.confidence for c in verdict(FAULTS[there][0]).causes}
        assert suspected.get(mine, 0.0) < ASSERTED


PUBLIC = {
    "1.01 host name wrong": "redis.name_unresolved",
    "1.03 instance down": "redis.unreachable",
    "1.04 token rotated": "redis.credentials_rejected",
    "1.07 quota exhausted, seen by the worker": "redis.quota_exhausted",
    "1.08 variable invalid": "worker.down",
    "1.16 event loop blocked": "worker.event_loop_blocked",
    "1.12 queue name differs": "queue.name_mismatch",
}


@pytest.mark.parametrize(("fault", "cause"), PUBLIC.items())
def test_the_two_public_addresses_are_already_useful(fault: str, cause: str) -> None:
    """Without any credential the worker's own endpoints name the cause."""
    changes = {p: r for p, r in FAULTS[fault][0].items() if p in ("worker.health", "worker.metrics")}
    top = diagnosed(public(changes)).causes[0]
    assert (top.id, top.confidence >= ASSERTED) == (cause, True)


def test_an_ambiguous_refusal_of_unknown_age_is_doubted() -> None:
    """From the public addresses alone nobody can say whether the token is wrong: nothing is asserted but a test."""
    changes = {p: r for p, r in FAULTS["1.05 token not checked in time"][0].items() if p.startswith("worker.h")}
    diagnosis = diagnosed(public(changes))
    assert diagnosis.causes[0].id == "unexplained"
    assert {c.id for c in diagnosis.causes[1:]} == {"redis.auth_timeout", "redis.credentials_rejected"}
    assert "PING by REST" in str(diagnosis.next_probe)


def test_a_quiet_failure_of_two_replicas_in_one_place_is_not_asserted() -> None:
    """One replica has lost Redis, the other works: abnormal, and no known cause is claimed."""
    half = metrics(sample(), sample(redis_connected=False, redis_symptom=Symptom.NAME_UNRESOLVED))
    diagnosis = verdict({"worker.metrics": half})
    assert (diagnosis.severity, diagnosis.causes[0].id) == (Severity.WARNING, "unexplained")


def test_mutual_suspects_do_not_cancel_each_other() -> None:
    """A blocked loop and a silent Redis mask each other; the likelier of the two remains, not `unexplained`."""
    changes: Changes = {
        **HANGS,
        "worker.log": log(
            *(line(9 + i, "worker.error", symptom=Symptom.LOCK_LOST) for i in range(5)),
            done=0,
        ),
        "queue.state": queue(counts(active=50, active_without_lock=50, **STILL)),
        "queue.jobs": rows(),
    }
    top = verdict(changes).causes[0]
    assert top.id in ("redis.unreachable", "worker.event_loop_blocked")
    assert top.confidence >= ASSERTED


def test_degraded_without_a_reason_is_critical_and_claims_no_cause() -> None:
    """A 503 that names no error says that Redis is not usable by the worker; we reach it, so nothing is asserted."""
    changes = {"worker.health": replace(health(answer=Answer.DEGRADED), redis_connected=False)}
    diagnosis = verdict(changes)
    assert diagnosis.severity is Severity.CRITICAL
    assert diagnosis.causes[0].id == "unexplained"
    assert "redis.unreachable" in [c.id for c in diagnosis.causes]
