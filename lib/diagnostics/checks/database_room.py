"""How much room the database has, and what stands around it: disk, replicas, pooler, its services' logs."""

from __future__ import annotations

from datetime import timedelta
from math import isfinite
from urllib.parse import urlencode

from diagnostics.checks.asking import management, psql
from diagnostics.checks.database import NOT_TOLD
from diagnostics.checks.finding import blind, unread
from diagnostics.checks.words import WORDS
from diagnostics.model import Finding
from diagnostics.readings import PostgresActivity, PostgresSchema, SupabaseLogs, SupabaseProject, Symptom
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text
from diagnostics.thresholds import Limits

STORAGE = Limits(0.85, 0.95)
"""Used share of the disk. Source: runbook M10; at 95 % Supabase makes the database read-only."""
LAG_S = 10.0
"""How far a replica may be behind (seconds). Source: our own limit."""
_SIZE = "select pg_size_pretty(pg_database_size(current_database()))"
_LINES = (
    "select timestamp, source, event_message from logs where source in "
    "('postgres_logs', 'supavisor_logs', 'pgbouncer_logs', 'postgrest_logs') order by timestamp desc limit 100"
)
"""ClickHouse's dialect, as the vendor's log service speaks it."""
_REPLICAS = "select application_name, state, replay_lag from pg_stat_replication"


def check_database_storage(seen: Seen, scope: Scope) -> Finding:
    """Judge the used share of the disk, and the read-only mode that a full one leads to. Source: runbook M10, 4.B1."""
    project, activity = seen.reading(SupabaseProject), seen.reading(PostgresActivity)
    schema = seen.reading(PostgresSchema)
    command = management(scope.facts, "/config/disk/util")
    probes = ("supabase.project", "postgres.activity", "postgres.schema")
    if bool(project and project.is_read_only) or bool(activity and activity.is_read_only):
        return Finding(
            id="database.storage",
            severity=Severity.CRITICAL,
            state="read_only",
            sentence=text("the database accepts no writes: it is in read-only mode (25006)"),
            evidence=seen.ids(*probes),
            command=psql(scope.facts, "show default_transaction_read_only"),
        )
    share = _share(project)
    if share is None:
        return _size_alone(schema, seen, scope, command)
    if not (isfinite(share) and share >= 0):
        return unread("database.storage", seen, "supabase.project", command=command)
    severity = STORAGE.judge(share)
    return Finding(
        id="database.storage",
        severity=severity,
        state="room" if severity is Severity.OK else "full",
        sentence=text("{share:.0%} of the database's disk is used", share=share),
        value=round(share, 4),
        unit="ratio",
        threshold=STORAGE.crossed(share),
        evidence=seen.ids("supabase.project"),
        command=command,
    )


def _share(project: SupabaseProject | None) -> float | None:
    if project is None or not project.disk_bytes or project.disk_used_bytes is None:
        return None
    return project.disk_used_bytes / project.disk_bytes


def _size_alone(schema: PostgresSchema | None, seen: Seen, scope: Scope, command: str) -> Finding:
    """Without the management API the size is known, its limit is not: looked, nothing to compare it with."""
    if schema is None or seen.reading(SupabaseProject) is not None:
        return blind("database.storage", seen, "supabase.project", "postgres.schema", command=command)
    return Finding(
        id="database.storage",
        severity=Severity.OK,
        state="size",
        sentence=text("the database holds {mb:.0f} MB; the disk's limit was not seen", mb=schema.database_bytes / 1e6),
        value=float(schema.database_bytes),
        unit="bytes",
        evidence=seen.ids("postgres.schema"),
        command=psql(scope.facts, _SIZE),
    )


def check_database_replication(seen: Seen, scope: Scope) -> Finding:
    """Judge how far read replicas are behind. None is no fault. Source: runbook 4.C3."""
    activity, command = seen.reading(PostgresActivity), psql(scope.facts, _REPLICAS)
    if activity is None or activity.refused_code:
        return blind("database.replication", seen, "postgres.activity", command=command)
    worst = max((r.lag_s for r in activity.replicas if r.lag_s is not None), default=None)
    if worst is not None and not (isfinite(worst) and worst >= 0):
        return unread("database.replication", seen, "postgres.activity", command=command)
    is_late = worst is not None and worst > LAG_S
    return Finding(
        id="database.replication",
        severity=Severity.WARNING if is_late else Severity.OK,
        state="lagging" if is_late else "following" if activity.replicas else "none",
        sentence=text(
            "{count} replicas follow, at most {s} s behind",
            count=len(activity.replicas),
            s="?" if worst is None else f"{worst:.0f}",
        )
        if activity.replicas
        else text("there is no read replica"),
        value=worst,
        unit="s" if worst is not None else "",
        threshold=LAG_S if worst is not None else None,
        evidence=seen.ids("postgres.activity"),
        command=command,
    )


def check_database_pooler(seen: Seen, scope: Scope) -> Finding:
    """Judge whether the pooler is there and well. No switch says so: an entry for the primary and its health do.

    The platform's services speak REST, so a sick pooler stops migrations and people, not them. Source: runbook 4.A2.
    """
    project, command = seen.reading(SupabaseProject), management(scope.facts, "/config/database/pooler")
    if project is None or project.poolers is None:
        return blind("database.pooler", seen, "supabase.project", command=command)
    primary = next((p for p in project.poolers if p.kind == "PRIMARY"), None)
    health = [s.is_healthy for s in project.services or () if s.name == "pooler"]
    state = "off" if primary is None else NOT_TOLD if not health else "on" if all(health) else "unhealthy"
    severity = {"on": Severity.OK, NOT_TOLD: Severity.UNKNOWN}
    return Finding(
        id="database.pooler",
        severity=severity.get(state, Severity.WARNING),
        state=state,
        sentence=_pooler_sentence(state, primary.mode if primary else ""),
        value=float(primary.pool_size) if primary and primary.pool_size is not None else None,
        unit="connections" if primary and primary.pool_size is not None else "",
        evidence=seen.ids("supabase.project"),
        command=command,
    )


def _pooler_sentence(state: str, mode: str) -> Text:
    match state:
        case "on":
            return text("the pooler is on, in {mode} mode; worker and frontend use REST and do not need it", mode=mode)
        case "not_told":
            return text("the pooler is configured, in {mode} mode; whether it is healthy was not seen", mode=mode)
        case "unhealthy":
            return text("the pooler is not healthy; worker and frontend use REST and do not need it")
        case _:
            return text("no pooler is configured for the primary; worker and frontend use REST and do not need it")


def _logs(scope: Scope) -> str:
    """The path that shows the newest lines of the window, of which the vendor gives 24 hours at most."""
    window = scope.window
    since = max(window.since, window.until - timedelta(hours=24))
    times = {
        "iso_timestamp_start": f"{since:%Y-%m-%dT%H:%M:%SZ}",
        "iso_timestamp_end": f"{window.until:%Y-%m-%dT%H:%M:%SZ}",
    }
    return "/analytics/endpoints/logs?" + urlencode({"sql": _LINES, **times})


def check_database_log(seen: Seen, scope: Scope) -> Finding:
    """Say which errors the database's services have logged in the window.

    What was may be over, so this only tells; what goes on is judged from jobs and requests. Source: runbook 4.D3.
    """
    logs, command = seen.reading(SupabaseLogs), management(scope.facts, _logs(scope))
    if logs is None:
        return blind("database.log", seen, "supabase.logs", command=command)
    known = [g for g in logs.groups if g.symptom is not Symptom.OTHER]
    most = next(iter(known or logs.groups), None)
    count = sum(g.count for g in logs.groups)
    return Finding(
        id="database.log",
        severity=Severity.OK,
        state=most.symptom.value if most else "quiet",
        sentence=text(
            "{count} error lines in the services' logs; most of them, {most} in {source}: {symptom}",
            count=count,
            most=most.count,
            source=most.source,
            symptom=WORDS[most.symptom],
        )
        if most
        else text("no error line of the database's services in the window"),
        value=float(count),
        unit="lines",
        evidence=seen.ids("supabase.logs"),
        command=command,
    )


CHECKS = (
    check_database_storage,
    check_database_replication,
    check_database_pooler,
    check_database_log,
)
