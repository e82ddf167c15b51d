"""The database from every side: what each state needs, with the exact limit, one below, one above, and nonsense."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.healthy import SCOPE, Changes, found, line, log, requests, service, site_health
from tests.diagnostics.healthy_database import (
    OURS,
    activity,
    answer,
    blocked,
    logs,
    project,
    rest,
    running,
    schema,
    services,
    sessions,
    statement,
    statements,
    table,
)

from diagnostics.checks.database_load import CONNECTIONS, LOCK_WAIT_S, STATEMENT_MS
from diagnostics.checks.database_room import LAG_S, STORAGE
from diagnostics.model import FailureKind
from diagnostics.readings import (
    CachedTable,
    Dependency,
    LogGroup,
    Pooler,
    PostgresActivity,
    PostgresStatements,
    Reading,
    Replica,
    SupabaseRest,
    Symptom,
    Trouble,
    Variable,
)
from diagnostics.severity import Severity

DOWN, PAUSED, KEY, POOL = (
    Symptom.DATABASE_DOWN,
    Symptom.DATABASE_PAUSED,
    Symptom.DATABASE_KEY,
    Symptom.DATABASE_POOL,
)
SLOTS, DENIED, GONE, SILENT = (
    Symptom.DATABASE_SLOTS,
    Symptom.DATABASE_DENIED,
    Symptom.DATABASE_SCHEMA,
    Symptom.TIMED_OUT,
)
REFUSED = {
    code: PostgresActivity(refused_code=code)
    for code in ("53300", "57P03", "role_limit", "pooler_full", "tenant_unknown")
}


def failing(symptom: Symptom, count: int = 5, job: str = "kommo:webhook") -> Reading:
    """A log whose newest attempts of one type fail for one reason."""
    return log(*(line(0.5 - n / 20, "job.failed", job_name=job, symptom=symptom) for n in range(count)))


def keyed(print_of_worker: str) -> Reading:
    """A worker whose service-role key has this fingerprint."""
    name = "SUPABASE_SERVICE_ROLE_KEY"
    return service(variables=(Variable(name=name, length=60, shape="token", fingerprint=print_of_worker),))


@pytest.mark.parametrize(
    ("changes", "state", "severity"),
    [
        ({}, "answers", Severity.OK),
        ({"supabase.rest": None, "supabase.project": None}, "answers", Severity.OK),
        ({"postgres.activity": FailureKind.UNREACHABLE}, "answers", Severity.OK),
        ({"supabase.rest": rest(KEY, KEY)}, "answers", Severity.OK),
        ({"supabase.rest": rest(DOWN, DOWN)}, "rest_down", Severity.CRITICAL),
        ({"supabase.rest": rest(DOWN, DOWN), "postgres.activity": REFUSED["57P03"]}, "starting", Severity.CRITICAL),
        ({"supabase.rest": rest(DOWN, DOWN), "postgres.activity": FailureKind.UNREACHABLE}, "down", Severity.CRITICAL),
        ({"supabase.rest": rest(SILENT, SILENT)}, "rest_silent", Severity.CRITICAL),
        # Silence for us alone says something about us.
        ({"supabase.rest": rest(SILENT, SILENT), "postgres.activity": None}, "blind", Severity.UNKNOWN),
        ({"supabase.rest": rest(SILENT, SILENT), "postgres.activity": FailureKind.TIMEOUT}, "blind", Severity.UNKNOWN),
        ({"supabase.rest": rest(SILENT, None)}, "answers", Severity.OK),
        ({"supabase.rest": rest(PAUSED, PAUSED)}, "paused", Severity.CRITICAL),
        ({"postgres.activity": REFUSED["tenant_unknown"]}, "answers", Severity.OK),
        ({"postgres.activity": REFUSED["57P03"]}, "answers", Severity.OK),
        ({"postgres.activity": REFUSED["53300"]}, "answers", Severity.OK),
        ({"supabase.rest": rest(DOWN, None), "postgres.activity": REFUSED["53300"]}, "answers", Severity.OK),
        ({"supabase.rest": rest(DOWN, DOWN), "postgres.activity": REFUSED["53300"]}, "slots_full", Severity.CRITICAL),
        ({"supabase.rest": rest(DOWN, DOWN), "postgres.activity": REFUSED["role_limit"]}, "down", Severity.CRITICAL),
        ({"supabase.rest": None, "postgres.activity": REFUSED["tenant_unknown"]}, "blind", Severity.UNKNOWN),
        ({"supabase.project": project(status="INACTIVE")}, "answers", Severity.OK),
        (
            {"supabase.project": project(status="INACTIVE"), "postgres.activity": FailureKind.UNREACHABLE},
            "paused",
            Severity.CRITICAL,
        ),
        (
            {"supabase.project": project(status="REMOVED"), "postgres.activity": FailureKind.UNRESOLVED},
            "removed",
            Severity.CRITICAL,
        ),
        ({"supabase.rest": rest(Symptom.DATABASE_QUOTA)}, "quota_exceeded", Severity.CRITICAL),
        ({"supabase.rest": None, "postgres.activity": REFUSED["53300"]}, "slots_full", Severity.CRITICAL),
        ({"supabase.rest": rest(SLOTS)}, "slots_full", Severity.CRITICAL),
    ],
)
def test_reachable(changes: Changes, state: str, severity: Severity) -> None:
    """Whoever was asked, and whatever each said."""
    finding = found("database.reachable", changes)
    assert (finding.state, finding.severity) == (state, severity)


AWAY: Changes = {
    "supabase.rest": FailureKind.UNREACHABLE,
    "postgres.activity": FailureKind.UNRESOLVED,
    "supabase.project": FailureKind.UNREACHABLE,
}


@pytest.mark.parametrize(
    ("told", "state"),
    [
        (failing(DOWN), "unreachable"),
        (failing(DOWN, 2), "blind"),
        (failing(KEY), "blind"),
        (log(), "blind"),
        (FailureKind.UNREACHABLE, "blind"),
    ],
)
def test_out_of_reach_for_us_alone_is_our_blind_spot(told: Reading | FailureKind, state: str) -> None:
    """4.01 against the network: only where the worker's newest jobs blame the database too is it the database."""
    assert found("database.reachable", {**AWAY, "worker.log": told}).state == state


@pytest.mark.parametrize(
    ("told", "state", "severity"),
    [
        (project(), "healthy", Severity.OK),
        (project(services=services(pooler=False)), "healthy", Severity.OK),
        (project(services=services(db=False)), "unhealthy", Severity.CRITICAL),
        (project(services=services(rest=False)), "unhealthy", Severity.CRITICAL),
        (project(services=None), "blind", Severity.UNKNOWN),
        (project(status="INACTIVE"), "paused", Severity.CRITICAL),
        (project(status="PAUSING"), "paused", Severity.CRITICAL),
        (project(status="REMOVED"), "removed", Severity.CRITICAL),
        (project(status="RESTORING"), "changing", Severity.WARNING),
        (project(status="RESTARTING"), "changing", Severity.WARNING),
        (project(status="ACTIVE_UNHEALTHY"), "unhealthy", Severity.CRITICAL),
        (project(status="SOMETHING_NEW"), "blind", Severity.UNKNOWN),
        (project(is_read_only=True), "read_only", Severity.CRITICAL),
        (project(is_read_only=None), "not_told", Severity.UNKNOWN),
        (project(services=services()[:1]), "not_told", Severity.UNKNOWN),
        (project(services=services(pooler=False)[:2], is_read_only=True), "read_only", Severity.CRITICAL),
    ],
)
def test_project(told: Reading, state: str, severity: Severity) -> None:
    """Every status the vendor documents, and one it does not."""
    finding = found("database.project", {"supabase.project": told})
    assert (finding.state, finding.severity) == (state, severity)


@pytest.mark.parametrize(
    ("changes", "state", "severity"),
    [
        ({}, "accepted", Severity.OK),
        ({"railway.service": keyed("0e0e0e0e")}, "accepted", Severity.OK),
        ({"supabase.rest": rest(KEY, None)}, "anon_rejected", Severity.WARNING),
        ({"supabase.rest": rest(None, KEY)}, "service_rejected", Severity.CRITICAL),
        ({"supabase.rest": rest(None, KEY), "railway.service": keyed(OURS)}, "service_rejected", Severity.CRITICAL),
        ({"supabase.rest": rest(None, KEY), "railway.service": keyed("0e0e0e0e")}, "own_rejected", Severity.UNKNOWN),
        (
            {"supabase.rest": rest(None, KEY), "railway.service": keyed("0e0e0e0e"), "worker.log": failing(KEY)},
            "service_rejected",
            Severity.CRITICAL,
        ),
        ({"supabase.rest": rest(KEY, KEY)}, "both_rejected", Severity.CRITICAL),
        ({"worker.log": failing(KEY)}, "worker_rejected", Severity.CRITICAL),
        ({"worker.log": failing(KEY, 2)}, "accepted", Severity.OK),
        ({"worker.log": failing(KEY), "supabase.rest": rest(DOWN, DOWN)}, "service_rejected", Severity.CRITICAL),
        ({"supabase.rest": rest(DENIED, DENIED)}, "accepted", Severity.OK),
        ({"supabase.rest": rest(DOWN, DOWN)}, "too_little", Severity.OK),
        ({"supabase.rest": rest(None, POOL)}, "too_little", Severity.OK),
        ({"supabase.rest": FailureKind.UNREACHABLE}, "blind", Severity.UNKNOWN),
        (
            {"supabase.rest": SupabaseRest(answers=(answer(),), unset=("SUPABASE_ANON_KEY",))},
            "unasked",
            Severity.UNKNOWN,
        ),
    ],
)
def test_keys_are_told_apart_by_who_fails(changes: Changes, state: str, severity: Severity) -> None:
    """4.02, 4.03 and 4.04: the public key, the working key, one side only, or only ours."""
    finding = found("database.keys", changes)
    assert (finding.state, finding.severity) == (state, severity)


REFUSED_SITE = Dependency(status="error", trouble=Trouble.KEY_REJECTED)


@pytest.mark.parametrize("told", [site_health(database=REFUSED_SITE), site_health(service_database=REFUSED_SITE)])
def test_a_key_refused_to_the_site_alone_is_the_sites(told: Reading) -> None:
    """4.04 the other way round: ours is accepted, and so is the worker's."""
    finding = found("database.keys", {"frontend.health": told})
    assert (finding.state, finding.severity) == ("frontend_rejected", Severity.CRITICAL)
    for unknown in (FailureKind.TIMEOUT, FailureKind.CREDENTIALS_MISSING, SupabaseRest(answers=(), unset=("A",))):
        untried = found("database.keys", {"frontend.health": told, "supabase.rest": unknown})
        assert (untried.state, untried.severity) == ("frontend_refused", Severity.CRITICAL)
        assert "accepted is not known" in str(untried.sentence)
    with_ours: Changes = {"frontend.health": told, "supabase.rest": rest(KEY, None)}
    assert found("database.keys", with_ours).state == "anon_rejected"


ROOM = 100


@pytest.mark.parametrize(
    ("used", "state", "severity"),
    [
        (0, "free", Severity.OK),
        (79, "free", Severity.OK),
        (80, "free", Severity.OK),
        (81, "crowded", Severity.WARNING),
        (95, "crowded", Severity.WARNING),
        (96, "crowded", Severity.CRITICAL),
        (130, "crowded", Severity.CRITICAL),
    ],
)
def test_connections(used: int, state: str, severity: Severity) -> None:
    """M8: strictly more than 80 % of what is not kept for superusers, then 95 %."""
    told = activity(most_connections=ROOM + 3, reserved_connections=3, sessions=sessions(used) if used else ())
    finding = found("database.connections", {"postgres.activity": told})
    assert (finding.state, finding.severity) == (state, severity)
    assert finding.value == used / ROOM
    assert finding.threshold in (CONNECTIONS.warning, CONNECTIONS.critical)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"supabase.rest": None, "postgres.activity": REFUSED["53300"]}, "slots_full"),
        ({"supabase.rest": rest(DOWN, DOWN), "postgres.activity": REFUSED["53300"]}, "slots_full"),
        ({"postgres.activity": FailureKind.UNREACHABLE, "supabase.rest": rest(SLOTS, None)}, "slots_full"),
        ({"supabase.rest": rest(None, POOL)}, "pool_exhausted"),
        ({"supabase.rest": rest(POOL, None), "postgres.activity": FailureKind.TIMEOUT}, "pool_exhausted"),
        ({"supabase.rest": rest(POOL, None), "postgres.activity": REFUSED["53300"]}, "pool_exhausted"),
        ({"supabase.rest": rest(POOL, POOL), "postgres.activity": REFUSED["53300"]}, "slots_full"),
    ],
)
def test_no_connection_left_is_the_finding_itself(changes: Changes, state: str) -> None:
    """4.08 and 4.09: what nobody could count any more is critical, not a blind spot."""
    finding = found("database.connections", changes)
    assert (finding.state, finding.severity, finding.value) == (state, Severity.CRITICAL, None)


@pytest.mark.parametrize(
    ("code", "answers", "state", "severity"),
    [
        ("53300", rest(), "own_refused", Severity.WARNING),
        ("53300", rest(DOWN, None), "own_refused", Severity.WARNING),
        ("role_limit", rest(DOWN, DOWN), "blind", Severity.UNKNOWN),
        ("pooler_full", rest(), "blind", Severity.UNKNOWN),
        ("tenant_unknown", None, "blind", Severity.UNKNOWN),
    ],
)
def test_our_own_refusal_is_not_the_servers_state(
    code: str, answers: Reading | None, state: str, severity: Severity
) -> None:
    """Rows that were just read outrank it; a limit of our role or of the pooler was never the server's."""
    finding = found("database.connections", {"postgres.activity": REFUSED[code], "supabase.rest": answers})
    assert (finding.state, finding.severity) == (state, severity)
    assert code in str(finding.sentence)


@pytest.mark.parametrize(
    "told", [activity(most_connections=None), activity(most_connections=3), REFUSED["57P03"], activity(sessions=())]
)
def test_connections_without_a_limit_are_unknown(told: PostgresActivity) -> None:
    """No limit, or one that is all kept for superusers, judges nothing; nobody connected is a fact."""
    expected = Severity.OK if told.sessions == () and told.most_connections == 60 else Severity.UNKNOWN
    assert found("database.connections", {"postgres.activity": told}).severity is expected


@pytest.mark.parametrize(
    ("waits", "state", "severity"),
    [
        ((), "none", Severity.OK),
        ((blocked(LOCK_WAIT_S),), "none", Severity.OK),
        ((blocked(LOCK_WAIT_S + 0.1),), "held", Severity.WARNING),
        ((blocked(blocker_application="postgrest", blocker_state="active"),), "queued", Severity.WARNING),
        ((blocked(blocker_application="postgrest"),), "held", Severity.WARNING),
        ((blocked(blocker_state="active"),), "held", Severity.WARNING),
        ((blocked(math.nan),), "blind", Severity.UNKNOWN),
        ((blocked(-1.0),), "blind", Severity.UNKNOWN),
        (
            (
                blocked(is_blocker_waiting=True, blocker_pid=101),
                blocked(pid=101, blocker_application="postgrest", blocker_state="active"),
            ),
            "queued",
            Severity.WARNING,
        ),
    ],
)
def test_locks(waits: tuple[object, ...], state: str, severity: Severity) -> None:
    """Who stands still while others wait is the root; sessions of one kind that wait for one another are not."""
    finding = found("database.locks", {"postgres.activity": activity(blocked=waits)})
    assert (finding.state, finding.severity) == (state, severity)


@pytest.mark.parametrize(
    ("mean_ms", "state", "severity"),
    [
        (3.0, "usual", Severity.OK),
        (STATEMENT_MS, "usual", Severity.OK),
        (STATEMENT_MS + 0.1, "slow", Severity.WARNING),
        (None, "usual", Severity.OK),
        (math.nan, "blind", Severity.UNKNOWN),
        (-1.0, "blind", Severity.UNKNOWN),
    ],
)
def test_slow_by_the_mean_of_what_ended(mean_ms: float | None, state: str, severity: Severity) -> None:
    """M9: what ended between the looks; a statement that was slow last week says nothing about now."""
    told = statements(*(statement(mean_ms, shape=shape, longest_ms=9e9) for shape in "ab"))
    finding = found("database.slow", {"postgres.statements": told})
    assert (finding.state, finding.severity) == (state, severity)


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ((running(2.0), running(2.0, shape="b")), "usual"),
        ((running(2.1), running(2.1, shape="b")), "slow"),
        ((running(2.1), running(60.0)), "one_slow"),
        ((running(60.0, is_waiting=True), running(60.0, is_waiting=True, shape="b")), "usual"),
        ((running(60.0, shape="VACUUM t"), running(60.0, shape="copy t to stdout")), "usual"),
    ],
)
def test_slow_by_what_runs(told: tuple[object, ...], state: str) -> None:
    """Longer than the response time's first limit; what waits for a lock and maintenance are judged elsewhere or not."""
    assert found("database.slow", {"postgres.activity": activity(running=told)}).state == state


def test_the_session_to_cancel_is_named() -> None:
    """The remedy cancels by PID, so the sentence gives that of the longest."""
    told = activity(running=(running(9.0, pid=41), running(60.0, shape="b", pid=42)))
    assert "session 42," in str(found("database.slow", {"postgres.activity": told}).sentence)


def test_one_slow_statement_is_told_and_no_fault_by_itself() -> None:
    """A report takes what it takes; who suffers from it is judged elsewhere."""
    finding = found("database.slow", {"postgres.statements": statements(statement(7000.0), statement(3.0, shape="b"))})
    assert (finding.state, finding.severity) == ("one_slow", Severity.OK)
    assert "7000 ms" in str(finding.sentence)


def test_slow_is_judged_without_statistics() -> None:
    """pg_stat_statements may be missing, or the second look lost."""
    unseen = found("database.slow", {"postgres.statements": FailureKind.TIMEOUT})
    assert unseen.severity is Severity.OK
    assert "not seen" in str(unseen.sentence) and "pg_stat_statements" not in str(unseen.sentence)
    absent = PostgresStatements(statements=None, gap_s=0.0)
    assert "pg_stat_statements is not there" in str(found("database.slow", {"postgres.statements": absent}).sentence)
    several = activity(running=(running(9.0), running(9.0, shape="b")))
    assert found("database.slow", {"postgres.statements": None, "postgres.activity": several}).state == "slow"


@pytest.mark.parametrize(
    ("changes", "state", "severity"),
    [
        ({}, "complete", Severity.OK),
        ({"postgres.schema": schema(table("agents"))}, "missing", Severity.CRITICAL),
        ({"postgres.schema": None}, "complete", Severity.OK),
        (
            {"postgres.schema": None, "supabase.rest": rest(cached=(CachedTable(name="agents", columns=()),))},
            "missing",
            Severity.CRITICAL,
        ),
        ({"postgres.schema": None, "supabase.rest": rest(None, GONE)}, "missing", Severity.CRITICAL),
        ({"postgres.schema": None, "supabase.rest": rest(cached=None)}, "blind", Severity.UNKNOWN),
        (
            {"postgres.schema": schema(table("organizations", columns=("id", "name", "new")), table("agents"))},
            "stale_cache",
            Severity.WARNING,
        ),
        (
            {"postgres.schema": schema(table("organizations"), table("agents"), table("fresh"))},
            "stale_cache",
            Severity.WARNING,
        ),
        (
            {
                "postgres.schema": schema(
                    table("organizations"), table("agents"), table("fresh", is_service_permitted=False)
                )
            },
            "complete",
            Severity.OK,
        ),
        ({"supabase.rest": rest(cached=(CachedTable(name="other", columns=()),))}, "complete", Severity.OK),
    ],
)
def test_schema(changes: Changes, state: str, severity: Severity) -> None:
    """4.06 and 4.07: a table that is nowhere, and one that only the cache does not know."""
    finding = found("database.schema", changes)
    assert (finding.state, finding.severity) == (state, severity)


def denied(count: int, *, seconds: int, ended_s: int) -> Reading:
    """So many refusals in the log within so many seconds, the newest so long ago."""
    last = 10_800_000 - ended_s * 1000
    group = LogGroup(
        source="postgres_logs", symptom=DENIED, detail="", count=count, first_ms=last - seconds * 1000, last_ms=last
    )
    return logs(groups=(group,))


@pytest.mark.parametrize(
    ("changes", "state", "severity"),
    [
        ({}, "open", Severity.OK),
        ({"supabase.rest": rest(DENIED, None)}, "anon_denied", Severity.WARNING),
        ({"supabase.rest": rest(None, DENIED)}, "service_denied", Severity.CRITICAL),
        (
            {"supabase.rest": rest(answers=(answer("anon", DENIED, code="42P17"),))},
            "policy_broken",
            Severity.CRITICAL,
        ),
        (
            {"postgres.schema": schema(table("agents", is_service_permitted=False), table("organizations"))},
            "service_denied",
            Severity.CRITICAL,
        ),
        (
            {"postgres.schema": schema(table("agents", is_service_permitted=None), table("organizations"))},
            "open",
            Severity.OK,
        ),
        ({"postgres.schema": schema(table("x", is_service_permitted=False))}, "open", Severity.OK),
        ({"postgres.schema": None, "supabase.rest": rest(DOWN, DOWN)}, "too_little", Severity.UNKNOWN),
        ({"postgres.schema": None, "supabase.rest": rest(None, DOWN)}, "too_little", Severity.UNKNOWN),
        (
            {"postgres.schema": None, "supabase.rest": rest(DOWN, DOWN, answers=(answer(table=""),))},
            "too_little",
            Severity.UNKNOWN,
        ),
        ({"postgres.schema": None, "supabase.rest": rest()}, "open", Severity.OK),
        ({"supabase.rest": rest(DOWN, DOWN)}, "open", Severity.OK),
        ({"supabase.logs": denied(10, seconds=60, ended_s=0)}, "others_denied", Severity.WARNING),
        ({"supabase.logs": denied(9, seconds=120, ended_s=0)}, "open", Severity.OK),
        ({"supabase.logs": denied(10, seconds=60, ended_s=60)}, "open", Severity.OK),
        ({"supabase.logs": denied(4, seconds=1, ended_s=0)}, "open", Severity.OK),
    ],
)
def test_policy(changes: Changes, state: str, severity: Severity) -> None:
    """4.12 to 4.15: by a refusal, or by a grant that SQL does not find on a table of the profile."""
    finding = found("database.policy", changes)
    assert (finding.state, finding.severity) == (state, severity)


@pytest.mark.parametrize(
    ("tables", "keys", "state"),
    [
        ((), (), "complete"),
        ((table("big", rows=10_001.0, sequential_scans=9, index_scans=8),), (), "missing"),
        ((table("big", rows=10_000.0, sequential_scans=9, index_scans=8),), (), "complete"),
        ((table("big", rows=10_001.0, sequential_scans=8, index_scans=8),), (), "complete"),
        ((), ("agents.agents_org_id_fkey",), "advice"),
    ],
)
def test_indexes_are_advice(tables: tuple[object, ...], keys: tuple[str, ...], state: str) -> None:
    """4.C2: never a fault by itself."""
    finding = found("database.indexes", {"postgres.schema": schema(*tables, unindexed_keys=keys)})
    assert (finding.state, finding.severity) == (state, Severity.OK)


@pytest.mark.parametrize(
    ("changes", "state", "severity"),
    [
        ({"supabase.project": project(disk_used_bytes=8e9 * STORAGE.warning)}, "room", Severity.OK),
        ({"supabase.project": project(disk_used_bytes=8e9 * 0.86)}, "full", Severity.WARNING),
        ({"supabase.project": project(disk_used_bytes=8e9 * STORAGE.critical)}, "full", Severity.WARNING),
        ({"supabase.project": project(disk_used_bytes=8e9 * 0.96)}, "full", Severity.CRITICAL),
        ({"supabase.project": project(disk_used_bytes=math.nan)}, "blind", Severity.UNKNOWN),
        ({"supabase.project": project(disk_used_bytes=-1.0)}, "blind", Severity.UNKNOWN),
        ({"supabase.project": project(disk_used_bytes=None)}, "blind", Severity.UNKNOWN),
        ({"supabase.project": FailureKind.CREDENTIALS_MISSING}, "size", Severity.OK),
        ({"supabase.project": project(is_read_only=True)}, "read_only", Severity.CRITICAL),
        ({"postgres.activity": activity(is_read_only=True)}, "read_only", Severity.CRITICAL),
    ],
)
def test_storage(changes: Changes, state: str, severity: Severity) -> None:
    """M10: strictly more than 85 %, then 95 % of the disk; read-only mode whatever the disk says."""
    finding = found("database.storage", changes)
    assert (finding.state, finding.severity) == (state, severity)


@pytest.mark.parametrize(
    ("lag_s", "state", "severity"),
    [
        (None, "following", Severity.OK),
        (LAG_S, "following", Severity.OK),
        (LAG_S + 0.1, "lagging", Severity.WARNING),
        (math.nan, "blind", Severity.UNKNOWN),
    ],
)
def test_replication(lag_s: float | None, state: str, severity: Severity) -> None:
    """A replica that is too far behind; none at all is no fault."""
    told = activity(replicas=(Replica(name="r", state="streaming", lag_bytes=None, lag_s=lag_s),))
    finding = found("database.replication", {"postgres.activity": told})
    assert (finding.state, finding.severity) == (state, severity)
    assert found("database.replication").state == "none"
    assert ("? s behind" in str(finding.sentence)) == (lag_s is None)


@pytest.mark.parametrize(
    ("told", "state", "severity"),
    [
        (project(), "on", Severity.OK),
        (project(services=services(pooler=False)), "unhealthy", Severity.WARNING),
        (project(poolers=()), "off", Severity.WARNING),
        (
            project(poolers=(Pooler(kind="READ_REPLICA", mode="session", pool_size=None, most_clients=None),)),
            "off",
            Severity.WARNING,
        ),
        (project(poolers=None), "blind", Severity.UNKNOWN),
        (project(services=None), "not_told", Severity.UNKNOWN),
        (project(services=services()[:1]), "not_told", Severity.UNKNOWN),
        (project(services=None, poolers=()), "off", Severity.WARNING),
    ],
)
def test_pooler(told: Reading, state: str, severity: Severity) -> None:
    """4.A2: no switch exists, so an entry for the primary and its health stand for it."""
    finding = found("database.pooler", {"supabase.project": told})
    assert (finding.state, finding.severity) == (state, severity)


@pytest.mark.parametrize(("held_s", "words"), [(None, "for ? s"), (0.0, "for 0 s"), (60.4, "for 60 s")])
def test_an_unknown_age_of_a_lock_is_not_zero(held_s: float | None, words: str) -> None:
    """A holder whose transaction nobody dated."""
    told = activity(blocked=(blocked(blocker_transaction_s=held_s),))
    assert words in str(found("database.locks", {"postgres.activity": told}).sentence)


def test_what_supabase_did_not_tell_is_named_with_its_reason() -> None:
    """A token scoped to some of the project's parts."""
    told = project(is_read_only=None, unread=("readonly",), why_unread=("GET x answered 403",))
    said = str(found("database.project", {"supabase.project": told}).sentence)
    assert "read-only mode" in said and "GET x answered 403" in said


def test_the_log_tells_and_does_not_judge() -> None:
    """4.D3: what was logged may be over."""
    slots = LogGroup(source="postgres_logs", symptom=SLOTS, detail="", count=7, first_ms=1, last_ms=2)
    other = replace(slots, symptom=Symptom.OTHER, count=90)
    finding = found("database.log", {"supabase.logs": logs(groups=(other, slots))})
    assert (finding.state, finding.severity, finding.value) == ("database_slots", Severity.OK, 97.0)
    assert found("database.log").state == "quiet"


@pytest.mark.parametrize(
    ("told", "state"),
    [
        (failing(DOWN, 3), "jobs"),
        (failing(DOWN, 2), "none"),
        (failing(Symptom.OTHER, 9), "none"),
        (failing(Symptom.OPENROUTER_DOWN, 9), "none"),
        (log(line(0.1, job_name="kommo:webhook"), *failing(DOWN, 9).events), "none"),  # type: ignore[union-attr]
    ],
)
def test_impact_names_the_types_that_stopped(told: Reading, state: str) -> None:
    """4.S3: three newest failures in a row of one type; a success since means that it goes on."""
    finding = found("database.impact", {"worker.log": told})
    assert finding.state == state
    assert ("kommo:webhook" in str(finding.sentence)) == (state == "jobs")


@pytest.mark.parametrize(
    ("troubles", "state"),
    [
        (("", "", "pool", "slots", "pool"), "routes"),
        (("pool", "pool", "pool", "", "pool"), "none"),
        (("", "", "", "pool", "pool"), "none"),
        (("other", "timed_out", "other", "other", "other"), "none"),
    ],
)
def test_impact_names_the_routes_that_stopped(troubles: tuple[str, ...], state: str) -> None:
    """4.S2: three newest requests in a row that fail in the database."""
    finding = found("database.impact", {"vercel.logs": requests(of=5, trouble=troubles)})
    assert finding.state == state
    assert ("/api/agents" in str(finding.sentence)) == (state == "routes")
    both: Changes = {"vercel.logs": requests(of=5, trouble=troubles), "worker.log": failing(POOL)}
    assert found("database.impact", both).state == ("both" if state == "routes" else "jobs")


def test_a_request_log_that_cannot_be_read_names_no_route() -> None:
    """It is no documented API: what it does not tell is not held against anybody."""
    unread = requests(of=3, trouble=("pool",) * 3, is_read=False)
    assert found("database.impact", {"vercel.logs": unread}).state == "none"


@given(st.lists(st.integers(0, 60), min_size=2, max_size=2).map(sorted))
def test_more_connections_are_never_better(used: list[int]) -> None:
    """A worse value never lowers the severity."""
    order = [Severity.OK, Severity.WARNING, Severity.CRITICAL]
    few, many = (
        found("database.connections", {"postgres.activity": activity(sessions=sessions(n))}).severity for n in used
    )
    assert order.index(few) <= order.index(many)


@pytest.mark.parametrize(("hours", "since"), [(23, "01%3A00%3A00Z"), (24, "00%3A00%3A00Z"), (25, "00%3A00%3A00Z")])
def test_the_logs_command_asks_for_the_window(hours: int, since: str) -> None:
    """The vendor refuses a request without its query, or of more than 24 hours."""
    until = SCOPE.window.until.replace(hour=0, minute=0, second=0, microsecond=0)
    window = replace(SCOPE.window, since=until - timedelta(hours=hours), until=until)
    command = found("database.log", scope=replace(SCOPE, window=window)).command
    assert "/analytics/endpoints/logs?sql=select+timestamp" in command
    assert f"{since}&iso_timestamp_end=" in command


def test_commands_name_variables_and_no_value() -> None:
    """What a person pastes holds the names of our variables."""
    for check, name in (
        ("database.connections", "DATABASE_URL"),
        ("database.keys", "SUPABASE_SERVICE_ROLE_KEY"),
        ("database.project", "SUPABASE_ACCESS_TOKEN"),
    ):
        assert f"${name}" in found(check).command
    own = replace(SCOPE, facts=replace(SCOPE.facts, postgres_variable="OPERATOR_URL"))
    assert "$OPERATOR_URL" in found("database.locks", scope=own).command
