"""What is in the database, and who may see it: tables, the REST interface's cache of them, grants, indexes."""

from __future__ import annotations

from diagnostics.checks.asking import psql, rest
from diagnostics.checks.finding import TOO_LITTLE, blind
from diagnostics.model import Finding
from diagnostics.readings import PostgresSchema, RestAnswer, SupabaseLogs, SupabaseProject, SupabaseRest, Symptom
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

LARGE_ROWS = 10_000
"""Rows from which a table that is mostly read as a whole lacks an index. Source: Supabase's advice, vendor 3.10."""
_TABLES = "select relname, relkind, relrowsecurity from pg_class where relnamespace = 'public'::regnamespace"
_INDEXES = (
    "select relname, seq_scan, idx_scan, n_live_tup from pg_stat_user_tables where n_live_tup > 10000 "
    "and seq_scan > coalesce(idx_scan, 0) order by seq_tup_read desc limit 20"
)
_NAMED = 4
NOW_MS = 60_000
OFTEN_PER_MIN = 5.0
"""Logged refusals that go on: the newest so fresh (ms), so many a minute. Source: our own limits."""
_POLICY = {
    "open": Severity.OK,
    TOO_LITTLE: Severity.UNKNOWN,
    "anon_denied": Severity.WARNING,
    "others_denied": Severity.WARNING,
}
"""Every other state is critical: the work itself is denied."""


def check_database_schema(seen: Seen, scope: Scope) -> Finding:
    """Judge whether the tables are there, and whether the REST interface's cache knows them as they are.

    `stale_cache`: SQL has a table or column that the REST interface does not know (PGRST204, PGRST205), or the reverse.
    Source: runbook 4.D3; the tables are the profile's.
    """
    schema, told = seen.reading(PostgresSchema), seen.reading(SupabaseRest)
    command = psql(scope.facts, _TABLES)
    if schema is None and (told is None or not told.answers):
        return blind("database.schema", seen, "postgres.schema", "supabase.rest", command=command)
    lost = _missing(schema, told, scope.facts.supabase_tables)
    stale = () if lost else _stale(schema, told)
    if not lost and not stale and schema is None and (told is None or told.cached is None):
        # Single rows prove their own tables and no others.
        return blind("database.schema", seen, "postgres.schema", "supabase.rest", command=command)
    return Finding(
        id="database.schema",
        severity=Severity.CRITICAL if lost else Severity.WARNING if stale else Severity.OK,
        state="missing" if lost else "stale_cache" if stale else "complete",
        sentence=_schema_sentence(lost, stale, told, len(scope.facts.supabase_tables)),
        value=float(len(lost) + len(stale)),
        unit="tables",
        threshold=0.0,
        evidence=seen.ids("postgres.schema", "supabase.rest"),
        command=rest(scope.facts, "service", "") if stale else command,
    )


def _missing(schema: PostgresSchema | None, told: SupabaseRest | None, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """By SQL, which knows; else by the REST interface, whose cache may be old."""
    if schema is not None:
        there = {table.name for table in schema.tables}
        return tuple(name for name in wanted if name not in there)
    if told is not None and told.cached is not None:
        there = {table.name for table in told.cached}
        return tuple(name for name in wanted if name not in there)
    lost = {a.table for a in told.answers if a.symptom is Symptom.DATABASE_SCHEMA} if told else set()
    return tuple(sorted(lost - {""}))


def _stale(schema: PostgresSchema | None, told: SupabaseRest | None) -> tuple[str, ...]:
    """Tables and columns that only one of the two knows."""
    if schema is None or told is None or not told.cached:
        return ()
    cached = {table.name: set(table.columns) for table in told.cached}
    found = {table.name: set(table.columns) for table in schema.tables if table.is_service_permitted is not False}
    if not cached.keys() & found.keys():
        return ()  # The interface serves another schema.
    apart = [name for name in found if name not in cached]
    apart += [f"{name}.{column}" for name in found if name in cached for column in sorted(found[name] ^ cached[name])]
    return tuple(sorted(apart))


def _schema_sentence(lost: tuple[str, ...], stale: tuple[str, ...], told: SupabaseRest | None, wanted: int) -> Text:
    if lost:
        return text("missing in the database: {names}", names=", ".join(lost))
    if stale:
        return text(
            "the REST interface's schema cache is not the database's schema: {names}",
            names=", ".join(stale[:_NAMED]) + (" …" if len(stale) > _NAMED else ""),
        )
    if told is None or told.cached is None:
        return text("all {count} tables are there; the REST interface's cache was not seen", count=wanted)
    return text("all {count} tables are there, and the REST interface knows them as they are", count=wanted)


def check_database_policy(seen: Seen, scope: Scope) -> Finding:
    """Judge whether grants and policies let the keys in: a refusal (42501, 42P17), or a grant that SQL does not find.

    Policies that hide rows without an error cannot be told from empty tables. Source: platform facts, 4.12-4.15.
    """
    told, schema = seen.reading(SupabaseRest), seen.reading(PostgresSchema)
    command = rest(scope.facts, "service")
    if schema is None and (told is None or not told.answers):
        return blind("database.policy", seen, "supabase.rest", "postgres.schema", command=command)
    logs = seen.reading(SupabaseLogs)
    refused = [a for a in told.answers if a.symptom is Symptom.DATABASE_DENIED] if told else []
    ungranted = _ungranted(schema, scope.facts.supabase_tables)
    state = _policy_state(refused, ungranted)
    if state == "open" and _goes_on(logs):
        state = "others_denied"
    if state == "open" and schema is None and not _is_let_in(told):
        state = TOO_LITTLE
    names = sorted({a.table for a in refused} | set(ungranted))
    return Finding(
        id="database.policy",
        severity=_POLICY.get(state, Severity.CRITICAL),
        state=state,
        sentence=_policy_sentence(state, ", ".join(names)),
        evidence=seen.ids("supabase.rest", "postgres.schema", "supabase.logs"),
        command=rest(scope.facts, "anon") if state == "anon_denied" else command,
    )


def _goes_on(logs: SupabaseLogs | None) -> bool:
    """Whether refusals are logged now and often, not once by somebody who tried a door."""
    for group in logs.groups if logs else ():
        minutes = max(1.0, (group.last_ms - group.first_ms) / 60_000)
        is_now = logs is not None and logs.until_ms - group.last_ms < NOW_MS
        if group.symptom is Symptom.DATABASE_DENIED and is_now and group.count / minutes >= OFTEN_PER_MIN:
            return True
    return False


def _ungranted(schema: PostgresSchema | None, wanted: tuple[str, ...]) -> tuple[str, ...]:
    tables = schema.tables if schema else ()
    return tuple(t.name for t in tables if t.name in wanted and t.is_service_permitted is False)


def _policy_state(refused: list[RestAnswer], ungranted: tuple[str, ...]) -> str:
    if any(a.code == "42P17" for a in refused):
        return "policy_broken"
    if ungranted or any(a.role == "service" for a in refused):
        return "service_denied"
    return "anon_denied" if refused else "open"


def _is_let_in(told: SupabaseRest | None) -> bool:
    """Whether each key got rows, or none without a refusal; an error says nothing about what the key may see."""
    answers = told.answers if told else ()
    return {a.role for a in answers if a.symptom is None and a.table} >= {"anon", "service"}


def _policy_sentence(state: str, names: str) -> Text:
    match state:
        case "policy_broken":
            return text("a row-level policy refers to itself and breaks every read of {names} (42P17)", names=names)
        case "service_denied":
            return text("the service role may not read or write {names}: a grant is missing (42501)", names=names)
        case "others_denied":
            return text(
                "our reads are allowed, but the database's log shows others being denied again and again (42501)"
            )
        case "anon_denied":
            return text("the anon role may not read {names} (42501); the service role may", names=names)
        case "too_little":
            return text("what the keys may read was not seen: not each of them was answered with rows")
        case _:
            return text("neither key is denied a table")


def check_database_indexes(seen: Seen, scope: Scope) -> Finding:
    """Say which large tables are read as a whole, which foreign keys lack an index, and which indexes nobody uses.

    Advice, never a fault by itself: what slowness it leads to is judged elsewhere. Source: runbook 4.C2.
    """
    schema, project = seen.reading(PostgresSchema), seen.reading(SupabaseProject)
    command = psql(scope.facts, _INDEXES)
    if schema is None:
        return blind("database.indexes", seen, "postgres.schema", command=command)
    scanned = [t for t in schema.tables if t.rows > LARGE_ROWS and t.sequential_scans > t.index_scans]
    lints = project.lints if project and project.lints is not None else ()
    advised = {lint.table for lint in lints if lint.name == "unindexed_foreign_keys"} - {""}
    return Finding(
        id="database.indexes",
        severity=Severity.OK,
        state="missing" if scanned else "advice" if schema.unindexed_keys or advised else "complete",
        sentence=text(
            "{scanned} large tables are read as a whole{names}; {keys} foreign keys lack an index, "
            "{unused} indexes are unused ({mb:.1f} MB)",
            scanned=len(scanned),
            names=f" ({', '.join(t.name for t in scanned[:_NAMED])})" if scanned else "",
            keys=len(schema.unindexed_keys),
            unused=len(schema.unused_indexes),
            mb=schema.unused_bytes / 1e6,
        ),
        value=float(len(scanned)),
        unit="tables",
        evidence=seen.ids("postgres.schema", "supabase.project"),
        command=command,
    )


CHECKS = (check_database_schema, check_database_policy, check_database_indexes)
