"""Incident 4: from what the sides of the database say to one cause, its runbook and its remedies."""

from __future__ import annotations

import pytest
from tests.diagnostics.checks.test_database_checks import (
    AWAY,
    DENIED,
    DOWN,
    GONE,
    KEY,
    PAUSED,
    POOL,
    REFUSED,
    REFUSED_SITE,
    SILENT,
    SLOTS,
    failing,
)
from tests.diagnostics.healthy import Changes, collected, diagnosed, found, site_health
from tests.diagnostics.healthy_database import (
    activity,
    blocked,
    project,
    rest,
    running,
    schema,
    sessions,
    statement,
    statements,
    table,
)

from diagnostics.causes.pairs import separator
from diagnostics.model import FailureKind
from diagnostics.readings import Symptom
from diagnostics.severity import Severity

UNSEEN: Changes = dict.fromkeys(
    (
        "supabase.project",
        "supabase.rest",
        "supabase.logs",
        "postgres.activity",
        "postgres.statements",
        "postgres.schema",
    ),
    FailureKind.NOT_CONFIGURED,
)
"""Neither Supabase nor PostgreSQL is in the profile."""

SLOW = statements(statement(4000.0), statement(4000.0, shape="UPDATE agents"))
RUNNING = (running(5.0), running(5.0, shape="UPDATE agents"))

FAULTS = {
    "4.01 paused": (
        {"supabase.rest": rest(PAUSED, PAUSED), "supabase.project": project(status="INACTIVE", services=())},
        "database.paused",
    ),
    "4.01 paused, by the management alone": (
        {**AWAY, "supabase.project": project(status="INACTIVE", services=())},
        "database.paused",
    ),
    "the server is stopped": (
        {"supabase.rest": rest(DOWN, DOWN), "postgres.activity": FailureKind.UNREACHABLE, "worker.log": failing(DOWN)},
        "database.down",
    ),
    "the server is starting": (
        {"supabase.rest": rest(DOWN, DOWN), "postgres.activity": REFUSED["57P03"]},
        "database.down",
    ),
    "unreachable for us and the worker": ({**AWAY, "worker.log": failing(DOWN)}, "database.down"),
    "4.02 anon key wrong": ({"supabase.rest": rest(KEY, None)}, "database.credentials_rejected"),
    "4.03 service-role key wrong": (
        {"supabase.rest": rest(None, KEY), "worker.log": failing(KEY)},
        "database.credentials_rejected",
    ),
    "4.04 rotated on one side": ({"worker.log": failing(KEY)}, "database.credentials_rejected"),
    "4.02 anon key wrong in the build alone": (
        {"frontend.health": site_health(database=REFUSED_SITE)},
        "database.credentials_rejected",
    ),
    "4.06 table missing": (
        {"postgres.schema": schema(table("agents")), "worker.log": failing(GONE)},
        "database.schema_missing",
    ),
    "4.07 stale schema cache": (
        {
            "postgres.schema": schema(table("organizations", columns=("id", "name", "new")), table("agents")),
            "worker.log": failing(GONE),
        },
        "database.schema_missing",
    ),
    "4.08 pool exhausted": (
        {"supabase.rest": rest(POOL, POOL), "worker.log": failing(POOL)},
        "database.pool_exhausted",
    ),
    "4.08 pool exhausted, told by silence": (
        {"supabase.rest": rest(SILENT, SILENT), "worker.log": failing(POOL)},
        "database.pool_exhausted",
    ),
    "4.09 slots full": (
        {"supabase.rest": rest(DOWN, DOWN), "postgres.activity": REFUSED["53300"], "worker.log": failing(DOWN)},
        "database.slots_full",
    ),
    "4.09 nearly full": ({"postgres.activity": activity(sessions=sessions(56))}, "database.slots_full"),
    "4.10 slow statements": (
        {"postgres.statements": SLOW, "postgres.activity": activity(running=RUNNING)},
        "database.slow_queries",
    ),
    "4.10 one slow statement, and jobs that time out": (
        {"postgres.activity": activity(running=(running(5.0),)), "worker.log": failing(Symptom.DATABASE_TIMEOUT)},
        "database.slow_queries",
    ),
    "a lock held by a migration": (
        {"postgres.activity": activity(blocked=(blocked(),)), "worker.log": failing(Symptom.DATABASE_TIMEOUT)},
        "database.lock_contention",
    ),
    "a lock that exhausts the pool": (
        {
            "postgres.activity": activity(blocked=(blocked(),)),
            "supabase.rest": rest(POOL, POOL),
            "postgres.statements": SLOW,
        },
        "database.lock_contention",
    ),
    "slow statements that wait for one another": (
        {
            "postgres.statements": SLOW,
            "postgres.activity": activity(
                blocked=(blocked(blocker_application="postgrest", blocker_state="active"),), running=RUNNING
            ),
        },
        "database.slow_queries",
    ),
    "4.12 policy denies": ({"worker.log": failing(DENIED)}, "database.policy_denies"),
    "4.15 grant revoked": (
        {"supabase.rest": rest(None, DENIED), "worker.log": failing(DENIED)},
        "database.policy_denies",
    ),
    "read-only": (
        {"supabase.project": project(is_read_only=True), "worker.log": failing(Symptom.DATABASE_READ_ONLY)},
        "database.read_only",
    ),
    "disk nearly full": ({"supabase.project": project(disk_used_bytes=7e9)}, "database.storage_full"),
    "plan exceeded": (
        {"supabase.rest": rest(Symptom.DATABASE_QUOTA, Symptom.DATABASE_QUOTA)},
        "database.quota_exceeded",
    ),
}
HARMFUL = ("database.pool_exhausted", "database.slots_full", "database.slow_queries", "database.lock_contention")


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_puts_its_cause_on_top_and_no_other(fault: str) -> None:
    """One cause is asserted, in the runbook of incident 4; that Sentry hears nothing of the worker is true beside it."""
    changes, cause = FAULTS[fault]
    diagnosis = diagnosed(collected(changes))
    first, *others = diagnosis.causes
    assert (first.id, first.runbook) == (cause, "database-unavailable")
    assert first.confidence >= 0.5
    assert not [c.id for c in others if c.confidence >= 0.5 and c.component != "monitoring"]
    assert first.steps and first.remediations
    if first.id in HARMFUL:
        assert "JOB_CONCURRENCY" in " ".join(str(step) for step in first.steps)


@pytest.mark.parametrize(
    ("symptom", "cause"),
    [
        (DOWN, "database.down"),
        (PAUSED, "database.paused"),
        (KEY, "database.credentials_rejected"),
        (POOL, "database.pool_exhausted"),
        (SLOTS, "database.slots_full"),
        (GONE, "database.schema_missing"),
        (DENIED, "database.policy_denies"),
        (Symptom.DATABASE_TIMEOUT, "database.lock_contention"),
        (Symptom.DATABASE_READ_ONLY, "database.read_only"),
        (Symptom.DATABASE_QUOTA, "database.quota_exceeded"),
    ],
)
def test_without_any_credentials_the_jobs_still_name_the_cause(symptom: Symptom, cause: str) -> None:
    """Neither system in the profile: what the worker's log says is enough, and nothing is a blind spot."""
    diagnosis = diagnosed(collected({**UNSEEN, "worker.log": failing(symptom)}))
    assert (diagnosis.causes[0].id, diagnosis.causes[0].confidence >= 0.5) == (cause, True)
    assert diagnosis.blind_spots == ()


def test_out_of_reach_for_us_alone_names_no_database_cause() -> None:
    """4.01 against the network: a worker that goes on means that the trouble is ours."""
    diagnosis = diagnosed(collected(AWAY))
    assert diagnosis.severity is Severity.UNKNOWN
    assert not [c.id for c in diagnosis.causes if c.component == "database"]


def test_our_own_stale_key_blames_nobody() -> None:
    """The worker's key is another one and works."""
    diagnosis = diagnosed(collected({"supabase.rest": rest(None, KEY)}))
    assert diagnosis.causes[0].id == "database.credentials_rejected"
    from tests.diagnostics.checks.test_database_checks import keyed

    changes: Changes = {"supabase.rest": rest(None, KEY), "railway.service": keyed("0e0e0e0e")}
    assert found("database.keys", changes).severity is Severity.UNKNOWN
    assert "database.credentials_rejected" not in {c.id for c in diagnosed(collected(changes)).causes}


def test_two_causes_that_look_alike_come_with_the_test_that_parts_them() -> None:
    """Timeouts alone do not tell slow statements from a lock."""
    changes: Changes = {**UNSEEN, "worker.log": failing(Symptom.DATABASE_TIMEOUT)}
    told = separator(diagnosed(collected(changes)).causes)
    assert told is not None and "pg_stat_activity" in str(told)
