"""Looks at the database from three sides: Supabase's management, its REST interface, and SQL."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from diagnostics.clients import postgres_statements as said
from diagnostics.clients.shapes import application, shape
from diagnostics.clients.supabase import Management, read_project
from diagnostics.clients.supabase_logs import read_logs
from diagnostics.clients.supabase_rest import Gate, read_description, read_row
from diagnostics.clients.systems import Systems
from diagnostics.errors import NotAccepting, SchemaError
from diagnostics.model import Evidence, Probe
from diagnostics.probes.look import absent, look, unset
from diagnostics.readings import (
    BlockedSession,
    PostgresActivity,
    PostgresSchema,
    PostgresStatements,
    Replica,
    RunningStatement,
    SessionGroup,
    Statement,
    SupabaseLogs,
    SupabaseProject,
    SupabaseRest,
    Table,
)
from diagnostics.settings import shown

if TYPE_CHECKING:
    from diagnostics.clients.postgres import PostgresReader

SAMPLE_GAP_S = 2.0
"""The statistics of statements are read twice, this far apart (seconds): their difference is what runs now."""
_ROWS = 2
"""Tables of the profile of which a row is read, by each key."""


async def probe_supabase_project(systems: Systems) -> Evidence:
    """Status, services, pooler, disk and advice by the management API."""
    found = _management(systems, "supabase.project", "")
    if isinstance(found, Evidence):
        return found
    management = found

    async def read() -> SupabaseProject:
        return await read_project(management)

    return await look("supabase.project", _source(management, ""), read)


async def probe_supabase_logs(systems: Systems) -> Evidence:
    """Error lines of the window from the database's services."""
    found = _management(systems, "supabase.logs", "/analytics/endpoints/logs")
    if isinstance(found, Evidence):
        return found
    management, window = found, systems.scope.window

    async def read() -> SupabaseLogs:
        return await read_logs(management, window.since, window.until)

    return await look("supabase.logs", _source(management, "/analytics/endpoints/logs"), read)


async def probe_supabase_rest(systems: Systems) -> Evidence:
    """One row with each key, and the interface's own description with the service key."""
    section = systems.settings.profile.supabase
    assert section is not None
    url = systems.settings.secret(section.url_env)
    keys = {
        "anon": (section.anon_key_env, systems.settings.secret(section.anon_key_env)),
        "service": (section.service_role_key_env, systems.settings.secret(section.service_role_key_env)),
    }
    source = f"GET {shown(url) if url else ''}/rest/v1/"
    missing = tuple(variable for variable, value in keys.values() if value is None)
    if url is None or len(missing) == len(keys):
        return absent("supabase.rest", source, unset(*([] if url else [section.url_env]), *missing))
    gates = [
        Gate(http=systems.http, base_url=url.rstrip("/"), role=role, key=value, timeout_s=systems.timeout_s)
        for role, (_, value) in keys.items()
        if value is not None
    ]
    return await look("supabase.rest", source, lambda: _rest(gates, section.tables[:_ROWS], missing))


async def probe_postgres_activity(systems: Systems) -> Evidence:
    """Connections, locks and what runs, in one message; or that no connection is to be had."""
    return await _postgres(systems, "postgres.activity", _activity)


async def probe_postgres_statements(systems: Systems) -> Evidence:
    """The costliest statements, looked at twice."""

    async def read(reader: PostgresReader) -> PostgresStatements:
        return await _statements(reader, min(SAMPLE_GAP_S, systems.scope.deadline_s / 4))

    return await _postgres(systems, "postgres.statements", read)


async def probe_postgres_schema(systems: Systems) -> Evidence:
    """Tables, columns, sizes and indexes."""
    return await _postgres(systems, "postgres.schema", _schema)


PROBES = (
    Probe(name="supabase.project", system="supabase", look=probe_supabase_project),
    Probe(name="supabase.rest", system="supabase", look=probe_supabase_rest),
    Probe(name="supabase.logs", system="supabase", look=probe_supabase_logs),
    Probe(name="postgres.activity", system="postgres", look=probe_postgres_activity),
    Probe(name="postgres.statements", system="postgres", look=probe_postgres_statements, looks_twice=True),
    Probe(name="postgres.schema", system="postgres", look=probe_postgres_schema),
)


def _management(systems: Systems, probe: str, path: str) -> Management | Evidence:
    section, ref = systems.settings.profile.supabase, systems.settings.supabase_ref
    assert section is not None
    token = systems.settings.secret(section.token_env)
    if token is None or not ref:
        missing = [*([] if token else [section.token_env]), *([] if ref else ["RUNBOOK_SUPABASE__PROJECT_REF"])]
        return absent(probe, f"GET {shown(section.base_url)}/v1/projects/{ref or '{ref}'}{path}", unset(*missing))
    return Management(systems.http, section.base_url, ref, token, systems.timeout_s)


def _source(management: Management, path: str) -> str:
    return f"GET {shown(management.base_url)}/v1/projects/{management.ref}{path}"


async def _rest(gates: list[Gate], tables: tuple[str, ...], unset_keys: tuple[str, ...]) -> tuple[SupabaseRest, str]:
    """All requests at once: what a pool that is used up does to one it may not do to the next.

    A description of another form leaves only itself unknown; the excerpt names its field. Raises ClientError.
    """
    drift = ""
    rows = asyncio.gather(*(read_row(gate, table) for gate in gates for table in tables))
    service = next((gate for gate in gates if gate.role == "service"), None)
    try:
        try:
            told, cached = await read_description(service) if service else (None, None)
        except SchemaError as error:
            if not tables:
                raise
            told, cached, drift = None, None, str(error)
        answers = await rows
    finally:
        rows.cancel()
    return SupabaseRest(answers=(*answers, *([told] if told else [])), cached=cached, unset=unset_keys), drift


async def _postgres(systems: Systems, probe: str, read: Any) -> Evidence:
    section = systems.settings.profile.postgres
    assert section is not None
    url = systems.settings.secret(section.url_env)
    if url is None:
        return absent(probe, f"psql ${section.url_env}", unset(section.url_env))

    async def answer() -> Any:
        return await read(systems.postgres(url))

    return await look(probe, f"psql ${section.url_env}", answer)


async def _activity(reader: PostgresReader) -> PostgresActivity:
    try:
        server, sessions, running, blocked, oldest, replicas = await reader.read(*said.ACTIVITY)
    except NotAccepting as error:
        return PostgresActivity(refused_code=error.code)
    ((most, reserved, is_in_recovery, is_read_only),) = server
    return PostgresActivity(
        connect_s=reader.connect_s,
        most_connections=most,
        reserved_connections=reserved,
        sessions=tuple(
            SessionGroup(application=application(app), state=state or "?", count=count, longest_s=round(longest, 1))
            for app, state, count, longest in sessions
        ),
        running=tuple(
            RunningStatement(
                pid=pid, application=application(app), running_s=round(s, 1), is_waiting=waits, shape=shape(query)
            )
            for pid, app, s, waits, query in running
        ),
        blocked=tuple(_blocked(*row) for row in blocked),
        oldest_transaction_s=round(oldest[0][0], 1) if oldest else None,
        oldest_transaction_of=application(oldest[0][1]) if oldest else "",
        replicas=tuple(
            Replica(name=application(name), state=state, lag_bytes=lag_bytes, lag_s=lag_s)
            for name, state, lag_bytes, lag_s in replicas
        ),
        is_in_recovery=is_in_recovery,
        is_read_only=is_read_only,
    )


def _blocked(*row: Any) -> BlockedSession:
    pid, app, waiting_s, relation, query, by, by_app, by_state, by_s, by_query, by_waits = row
    return BlockedSession(
        pid=pid,
        application=application(app),
        waiting_s=round(waiting_s, 1),
        relation=relation,
        shape=shape(query or ""),
        blocker_pid=by,
        blocker_application=application(by_app),
        blocker_state=by_state,
        blocker_transaction_s=None if by_s is None else round(by_s, 1),
        blocker_shape=shape(by_query or ""),
        is_blocker_waiting=by_waits,
    )


async def _statements(reader: PostgresReader, gap_s: float) -> PostgresStatements:
    (places,) = await reader.read(said.EXTENSION)
    if not places:
        return PostgresStatements(statements=None, gap_s=0.0)
    schema = str(places[0][0])
    (first,) = await reader.read(said.STATEMENTS, schema=schema)
    await asyncio.sleep(gap_s)
    (second,) = await reader.read(said.STATEMENTS, schema=schema)
    before = {row[0]: row for row in first}
    return PostgresStatements(statements=tuple(_statement(row, before.get(row[0])) for row in second), gap_s=gap_s)


def _statement(row: Any, before: Any) -> Statement:
    """Both looks at one statement; what was counted between them is what happens now."""
    _, calls, mean_ms, longest_ms, total_ms, query = row
    ended = calls - before[1] if before else None
    spent_ms = total_ms - before[4] if before else 0.0
    return Statement(
        shape=shape(query or ""),
        calls=calls,
        mean_ms=round(mean_ms, 2),
        longest_ms=round(longest_ms, 1),
        total_ms=round(total_ms, 1),
        calls_now=ended if ended is None or ended >= 0 else None,
        mean_now_ms=round(spent_ms / ended, 2) if ended and ended > 0 else None,
    )


async def _schema(reader: PostgresReader) -> PostgresSchema:
    size, tables, unused, unindexed = await reader.read(*said.SCHEMA)
    return PostgresSchema(
        database_bytes=size[0][0],
        tables=tuple(
            Table(
                name=name,
                columns=tuple(sorted(columns)),
                bytes=taken,
                rows=rows,
                sequential_scans=sequential,
                index_scans=by_index,
                has_row_security=secured,
                policies=policies,
                is_service_permitted=service,
                is_anon_permitted=anon,
            )
            for name, columns, taken, rows, sequential, by_index, secured, policies, service, anon in tables
        ),
        unused_indexes=tuple(name for name, _ in unused),
        unused_bytes=sum(taken for _, taken in unused),
        unindexed_keys=tuple(name for (name,) in unindexed),
    )
