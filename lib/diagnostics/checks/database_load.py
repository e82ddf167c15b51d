"""What the database is busy with: connections, locks, slow statements."""

from __future__ import annotations

from collections import Counter
from math import isfinite

from diagnostics.checks.asking import psql, rest
from diagnostics.checks.database import has_rows
from diagnostics.checks.finding import BLIND, blind, unread
from diagnostics.model import Finding
from diagnostics.readings import (
    BlockedSession,
    PostgresActivity,
    PostgresStatements,
    RunningStatement,
    Statement,
    SupabaseRest,
    Symptom,
)
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text
from diagnostics.thresholds import Limits

CONNECTIONS = Limits(0.8, 0.95)
"""Used share of the connections that are not kept for superusers. Source: runbook M8, our own limits."""
LOCK_WAIT_S = 2.0
"""How long a session may wait for a lock (seconds). Source: the response time's first limit (T3)."""
STATEMENT_MS = 1000.0
"""Mean time of a statement from which it is slow (milliseconds). Source: runbook M9, our own limit."""
OURS_ALONE = ("role_limit", "pooler_full", "tenant_unknown")
"""Refusals of our own connection that say nothing about the server's slots."""
_MAINTENANCE = ("VACUUM", "ANALYZE", "COPY", "CREATE INDEX", "REINDEX", "BASE_BACKUP")
"""How statements begin that take long by nature."""
_SESSIONS = "select application_name, state, count(*) from pg_stat_activity group by 1, 2 order by 3 desc"
_BLOCKED = (
    "select pid, pg_blocking_pids(pid), now() - query_start as waits, left(query, 80) from pg_stat_activity "
    "where cardinality(pg_blocking_pids(pid)) > 0"
)
_SLOWEST = (
    "select calls, round(mean_exec_time) as mean_ms, left(query, 80) from extensions.pg_stat_statements "
    "order by total_exec_time desc limit 10"
)


def check_database_connections(seen: Seen, scope: Scope) -> Finding:
    """Judge the used share of the connections, and whether the REST interface's pool has one left.

    Source: runbook M8, 4.B1. A server that takes no connection of ours is the finding, not a blind spot.
    """
    activity, told = seen.reading(PostgresActivity), seen.reading(SupabaseRest)
    symptoms = [a.symptom for a in told.answers] if told else []
    command = psql(scope.facts, _SESSIONS)
    refused = activity.refused_code if activity else ""
    is_served = has_rows(told.answers) if told else False
    is_full = Symptom.DATABASE_SLOTS in symptoms or (refused == "53300" and not is_served)
    if is_full or Symptom.DATABASE_POOL in symptoms:
        return Finding(
            id="database.connections",
            severity=Severity.CRITICAL,
            state="slots_full" if is_full else "pool_exhausted",
            sentence=text("every connection of the database is taken; it refuses new ones (53300)")
            if is_full
            else _pool_sentence(symptoms),
            evidence=seen.ids("postgres.activity", "supabase.rest"),
            command=command if activity and not is_full else rest(scope.facts, "service"),
        )
    if activity is None:
        return blind("database.connections", seen, "postgres.activity", command=command)
    if refused == "53300" or refused in OURS_ALONE:
        return _own_refused(refused, seen, command)
    return _usage(activity, seen, command)


def _own_refused(code: str, seen: Seen, command: str) -> Finding:
    """Our role, the pooler or the last slots bar us; 53300 beside served rows says that little room is left."""
    return Finding(
        id="database.connections",
        severity=Severity.WARNING if code == "53300" else Severity.UNKNOWN,
        state="own_refused" if code == "53300" else BLIND,
        sentence=text("our own connection is refused ({code}), so nobody counted the others", code=code),
        evidence=seen.ids("postgres.activity", "supabase.rest"),
        command=command,
    )


def _pool_sentence(symptoms: list[Symptom | None]) -> Text:
    return text(
        "{count} of {total} REST requests got no connection from the pool in time (PGRST003)",
        count=symptoms.count(Symptom.DATABASE_POOL),
        total=len(symptoms),
    )


def _usage(activity: PostgresActivity, seen: Seen, command: str) -> Finding:
    most, kept = activity.most_connections, activity.reserved_connections or 0
    if activity.refused_code or not most or most <= kept:
        return unread("database.connections", seen, "postgres.activity", command=command)
    applications: Counter[str] = Counter()
    for group in activity.sessions:
        applications[group.application] += group.count
    used, room = applications.total(), most - kept
    severity = CONNECTIONS.judge(used / room)
    largest = applications.most_common(1)[0] if applications else ("-", 0)
    return Finding(
        id="database.connections",
        severity=severity,
        state="free" if severity is Severity.OK else "crowded",
        sentence=text(
            "{used} of {room} connections are used, {count} of them by {application}; {idle} idle in a transaction",
            used=used,
            room=room,
            count=largest[1],
            application=largest[0],
            idle=sum(g.count for g in activity.sessions if g.state.startswith("idle in transaction")),
        ),
        value=round(used / room, 4),
        unit="ratio",
        threshold=CONNECTIONS.crossed(used / room),
        evidence=seen.ids("postgres.activity"),
        command=command,
    )


def check_database_locks(seen: Seen, scope: Scope) -> Finding:
    """Judge who waits for a lock and who holds it.

    `held`: the root holder stands still in its transaction, or is not of the kind of those that wait, such as a
    migration. `queued`: sessions of one application wait for one another, which slow statements lead to.
    """
    activity, command = seen.reading(PostgresActivity), psql(scope.facts, _BLOCKED)
    if activity is None or activity.refused_code:
        return blind("database.locks", seen, "postgres.activity", command=command)
    waiting = _waiting(activity)
    longest = max((b.waiting_s for b in activity.blocked), default=0.0)
    if not isfinite(longest) or any(b.waiting_s < 0 for b in activity.blocked):
        return unread("database.locks", seen, "postgres.activity", command=command)
    root = lock_root(activity)
    return Finding(
        id="database.locks",
        severity=Severity.WARNING if waiting else Severity.OK,
        state="none" if root is None else "held" if _is_foreign(root) else "queued",
        sentence=_lock_sentence(root, len({b.pid for b in waiting})) if root else _no_lock_sentence(activity),
        value=longest,
        unit="s",
        threshold=LOCK_WAIT_S,
        evidence=seen.ids("postgres.activity"),
        command=command,
    )


def lock_root(activity: PostgresActivity) -> BlockedSession | None:
    """Who holds what others wait long for and waits for nobody, one of another kind first; `None` where none wait."""
    waiting = _waiting(activity)
    roots = [b for b in waiting if not b.is_blocker_waiting] or waiting
    return next(iter([b for b in roots if _is_foreign(b)] or roots), None)


def _waiting(activity: PostgresActivity) -> list[BlockedSession]:
    return [b for b in activity.blocked if b.waiting_s > LOCK_WAIT_S]


def _is_foreign(blocked: BlockedSession) -> bool:
    return blocked.blocker_state.startswith("idle in transaction") or blocked.blocker_application != blocked.application


def _lock_sentence(root: BlockedSession, count: int) -> Text:
    return text(
        "{count} sessions wait for a lock on {relation}; session {pid} ({application}, {state}) holds it "
        "and has been in its transaction for {s} s",
        count=count,
        relation=root.relation or "?",
        pid=root.blocker_pid,
        application=root.blocker_application,
        state=root.blocker_state or "?",
        s="?" if root.blocker_transaction_s is None else f"{root.blocker_transaction_s:.0f}",
    )


def _no_lock_sentence(activity: PostgresActivity) -> Text:
    if activity.oldest_transaction_s is None:
        return text("nobody waits long for a lock")
    return text(
        "nobody waits long for a lock; the oldest transaction is {s:.0f} s old ({application})",
        s=activity.oldest_transaction_s,
        application=activity.oldest_transaction_of or "?",
    )


def check_database_slow(seen: Seen, scope: Scope) -> Finding:
    """Judge what statements take now: the mean of those that ended between two looks, and those still running.

    Those that wait for a lock are judged with the locks. One slow statement beside quick ones is a report or a missing
    index: told, and judged by who suffers. Several at once are a slow database. `value` is the mean over all that ended
    (milliseconds). Source: runbook M9, 4.C1; a running statement is slow from the first limit of T3.
    """
    told, activity = seen.reading(PostgresStatements), seen.reading(PostgresActivity)
    command = psql(scope.facts, _SLOWEST)
    if told is None and (activity is None or activity.refused_code):
        return blind("database.slow", seen, "postgres.statements", "postgres.activity", command=command)
    statements = (told.statements or ()) if told else ()
    mean = _mean(statements)
    if mean is not None and not (isfinite(mean) and mean >= 0):
        return unread("database.slow", seen, "postgres.statements", command=command)
    slow = [s for s in statements if s.mean_now_ms is not None and s.mean_now_ms > STATEMENT_MS and s.calls_now]
    running = _long(activity, scope.thresholds.p95_s.warning or 0.0)
    several = max(len({s.shape for s in slow}), len({r.shape for r in running}))
    state = "slow" if several > 1 else "one_slow" if several else "usual"
    return Finding(
        id="database.slow",
        severity=Severity.WARNING if state == "slow" else Severity.OK,
        state=state,
        sentence=_slow_sentence(slow, running) if several else _usual_sentence(told, mean, seen),
        value=mean,
        unit="ms" if mean is not None else "",
        threshold=STATEMENT_MS if mean is not None else None,
        evidence=seen.ids("postgres.statements", "postgres.activity"),
        command=command,
    )


def _mean(statements: tuple[Statement, ...]) -> float | None:
    ended = [(s.calls_now, s.mean_now_ms) for s in statements if s.calls_now and s.mean_now_ms is not None]
    calls = sum(n for n, _ in ended)
    return round(sum(n * mean for n, mean in ended) / calls, 2) if calls else None


def _long(activity: PostgresActivity | None, limit_s: float) -> list[RunningStatement]:
    return [
        r
        for r in (activity.running if activity else ())
        if r.running_s > limit_s and not r.is_waiting and not r.shape.upper().startswith(_MAINTENANCE)
    ]


def _slow_sentence(slow: list[Statement], running: list[RunningStatement]) -> Text:
    if slow:
        worst = max(slow, key=lambda s: (s.calls_now or 0) * (s.mean_now_ms or 0.0))
        return text(
            "{count} statements are slow now; the one that costs most took {ms:.0f} ms on average: {shape}",
            count=len(slow),
            ms=worst.mean_now_ms or 0.0,
            shape=worst.shape,
        )
    longest = max(running, key=lambda r: r.running_s)
    return text(
        "{count} statements have been running for long; the longest for {s:.0f} s "
        "(session {pid}, {application}): {shape}",
        count=len(running),
        pid=longest.pid,
        s=longest.running_s,
        application=longest.application,
        shape=longest.shape,
    )


def _usual_sentence(told: PostgresStatements | None, mean: float | None, seen: Seen) -> Text:
    if told is None:
        item = seen.of("postgres.statements")
        why = item.failure.why if item and item.failure else None
        if why:
            return text("no statement runs for long; their means were not seen: {why}", why=why)
        return text("no statement runs for long; their means were not seen")
    if told.statements is None:
        return text("no statement runs for long; pg_stat_statements is not there to tell their means")
    if mean is None:
        return text("no statement runs for long, and none ended between the two looks")
    return text("statements take {ms:.1f} ms on average now, none is slow", ms=mean)


CHECKS = (check_database_connections, check_database_locks, check_database_slow)
