"""A healthy database as readings, to be spoilt one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from diagnostics.readings import (
    BlockedSession,
    CachedTable,
    Pooler,
    PostgresActivity,
    PostgresSchema,
    PostgresStatements,
    Reading,
    RestAnswer,
    RunningStatement,
    ServiceHealth,
    SessionGroup,
    Statement,
    SupabaseLogs,
    SupabaseProject,
    SupabaseRest,
    Symptom,
    Table,
)

TABLES = ("organizations", "agents")
OURS = "0c0c0c0c"
"""Fingerprint of the service-role key that we hold."""


def project(**changes: Any) -> SupabaseProject:
    """A healthy project with a pooler and half its disk free."""
    good = SupabaseProject(
        status="ACTIVE_HEALTHY",
        version="17.6.1",
        services=tuple(
            ServiceHealth(name=name, is_healthy=True, status="ACTIVE_HEALTHY") for name in ("db", "pooler", "rest")
        ),
        poolers=(Pooler(kind="PRIMARY", mode="transaction", pool_size=15, most_clients=200),),
        disk_bytes=8e9,
        disk_used_bytes=4e9,
        is_read_only=False,
        lints=(),
    )
    return replace(good, **changes)


def services(**sick: bool) -> tuple[ServiceHealth, ...]:
    """All services well, but those told `False`."""
    return tuple(
        ServiceHealth(name=name, is_healthy=sick.get(name, True), status="?") for name in ("db", "pooler", "rest")
    )


def answer(role: str = "service", symptom: Symptom | None = None, **changes: Any) -> RestAnswer:
    """One answer of the REST interface."""
    made = RestAnswer(
        role=role,
        table="organizations",
        status_code=200 if symptom is None else 503,
        symptom=symptom,
        latency_s=0.05,
    )
    return replace(made, **changes)


def rest(anon: Symptom | None = None, service: Symptom | None = None, **changes: Any) -> SupabaseRest:
    """What both keys get; the schema cache knows all tables."""
    told = SupabaseRest(
        answers=(answer("anon", anon), answer("service", service), answer("service", service, table="")),
        cached=None if service else tuple(CachedTable(name=name, columns=("id", "name")) for name in TABLES),
    )
    return replace(told, **changes)


def activity(**changes: Any) -> PostgresActivity:
    """A handful of sessions, nobody waits."""
    good = PostgresActivity(
        connect_s=0.02,
        most_connections=60,
        reserved_connections=3,
        sessions=(
            SessionGroup(application="postgrest", state="idle", count=8, longest_s=3.0),
            SessionGroup(application="postgrest", state="active", count=2, longest_s=0.1),
        ),
        is_in_recovery=False,
        is_read_only=False,
    )
    return replace(good, **changes)


def sessions(count: int, state: str = "idle", application: str = "postgrest") -> tuple[SessionGroup, ...]:
    """So many sessions of one application."""
    return (SessionGroup(application=application, state=state, count=count, longest_s=1.0),)


def blocked(waiting_s: float = 5.0, **changes: Any) -> BlockedSession:
    """A session that waits for a migration which stands still in its transaction."""
    made = BlockedSession(
        pid=100,
        application="postgrest",
        waiting_s=waiting_s,
        relation="webhook_events",
        shape="INSERT INTO webhook_events",
        blocker_pid=7,
        blocker_application="migration",
        blocker_state="idle in transaction",
        blocker_transaction_s=60.0,
        blocker_shape="LOCK TABLE webhook_events",
        is_blocker_waiting=False,
    )
    return replace(made, **changes)


def running(seconds: float, **changes: Any) -> RunningStatement:
    """A statement that has run for so long."""
    made = RunningStatement(
        pid=9, application="postgrest", running_s=seconds, is_waiting=False, shape="SELECT FROM agents"
    )
    return replace(made, **changes)


def statement(mean_now_ms: float | None = 3.0, **changes: Any) -> Statement:
    """A statement of which five calls ended between the looks."""
    made = Statement(
        shape="SELECT content FROM knowledge_chunks",
        calls=900,
        mean_ms=3.0,
        longest_ms=40.0,
        total_ms=2700.0,
        calls_now=None if mean_now_ms is None else 5,
        mean_now_ms=mean_now_ms,
    )
    return replace(made, **changes)


def statements(*told: Statement) -> PostgresStatements:
    """These statements, or a quick one, looked at twice."""
    return PostgresStatements(statements=told or (statement(),), gap_s=2.0)


def table(name: str, **changes: Any) -> Table:
    """A small table that both roles may read."""
    made = Table(
        name=name,
        columns=("id", "name"),
        bytes=65_536,
        rows=40.0,
        sequential_scans=3,
        index_scans=900,
        has_row_security=False,
        policies=0,
        is_service_permitted=True,
        is_anon_permitted=True,
    )
    return replace(made, **changes)


def schema(*tables: Table, **changes: Any) -> PostgresSchema:
    """The profile's tables, or these."""
    made = PostgresSchema(
        database_bytes=9_000_000,
        tables=tables or tuple(map(table, TABLES)),
        unused_indexes=(),
        unused_bytes=0,
        unindexed_keys=(),
    )
    return replace(made, **changes)


def logs(**changes: Any) -> SupabaseLogs:
    """A window without an error line."""
    return replace(SupabaseLogs(groups=(), since_ms=0, until_ms=10_800_000, is_cut=False), **changes)


HEALTHY_DATABASE: Mapping[str, Reading] = {
    "supabase.project": project(),
    "supabase.rest": rest(),
    "supabase.logs": logs(),
    "postgres.activity": activity(),
    "postgres.statements": statements(),
    "postgres.schema": schema(),
}
