"""The advisors: each lint is a real question to the catalogs, to the server, or to the project's own lines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from psycopg import AsyncConnection, Error

from sandbox.data import Project

Lint = dict[str, object]
ERROR_SHARE = 0.1
TWO_WINDOWS = timedelta(minutes=10)
DOCS = "https://supabase.com/docs/guides/database"

_UNINDEXED = """
SELECT c.conrelid::regclass::text, c.conname, c.conkey::int[]
FROM pg_constraint c
WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND NOT EXISTS (
    SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid
    AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)
ORDER BY 1, 2
"""
_UNUSED = """
SELECT s.relname, s.indexrelname FROM pg_stat_user_indexes s JOIN pg_index i USING (indexrelid)
WHERE s.idx_scan = 0 AND NOT i.indisunique AND s.schemaname = 'public' ORDER BY 1, 2
"""
_KEYLESS = """
SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) ORDER BY 1
"""
_WITHOUT_POLICY = """
SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
AND c.relrowsecurity AND NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid) ORDER BY 1
"""
_UNPROTECTED = """
SELECT c.relname FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
AND NOT c.relrowsecurity ORDER BY 1
"""


class Unreachable(Exception):
    """The database could not be asked."""


async def catalog_lints(project: Project, category: str) -> list[Lint]:
    """All lints of one category that the catalogs answer.

    Raises:
        Unreachable: no connection.
    """
    try:
        async with await AsyncConnection.connect(project.postgres.dsn) as asking:
            found = {name: await (await asking.execute(sql.encode())).fetchall() for name, sql in _QUERIES.items()}
    except Error as error:
        raise Unreachable(str(error)) from error
    lints = [_catalog_lint(name, row) for name, rows in found.items() for row in rows]
    return [lint for lint in lints if lint["categories"] == [category]]


async def run_lints(project: Project, names: Sequence[str]) -> list[Lint]:
    """Those of the named lints that fire; what cannot be checked says so."""
    fired: list[Lint] = []
    for name in names:
        if name in _HEALTH:
            detail = await _HEALTH[name](project)
            fired += [_health_lint(name, detail)] if detail else []
    wanted = [name for name in names if name in _QUERIES]
    try:
        lints = [lint for kind in ("PERFORMANCE", "SECURITY") for lint in await catalog_lints(project, kind)]
        fired += [lint for lint in lints if lint["name"] in wanted]
    except Unreachable as error:
        fired += [_health_lint("advisor_check_unavailable", str(error))] if wanted else []
    return fired


def known_lints() -> tuple[str, ...]:
    """Names that may be asked for."""
    return (*_QUERIES, *_HEALTH)


def _catalog_lint(name: str, row: Sequence[object]) -> Lint:
    title, level, category = _TITLES[name]
    table = str(row[0]).removeprefix("public.")
    metadata: dict[str, object] = {"schema": "public", "name": table, "type": "table"}
    if name == "unindexed_foreign_keys":
        metadata |= {"fkey_name": row[1], "fkey_columns": row[2]}
    thing = f"{table}_{row[1]}" if len(row) > 1 else table
    return {
        "name": name,
        "title": title,
        "level": level,
        "facing": "EXTERNAL",
        "categories": [category],
        "description": title,
        "detail": f"Table public.{table}: {title.lower()}" + (f" ({row[1]})" if len(row) > 1 else ""),
        "remediation": f"{DOCS}/database-linter?lint={name}",
        "metadata": metadata,
        "cache_key": f"{name}_public_{thing}",
    }


def _health_lint(name: str, detail: str) -> Lint:
    return {
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "level": "ERROR",
        "facing": "EXTERNAL",
        "categories": ["HEALTH"],
        "description": name.replace("_", " ").capitalize(),
        "detail": detail,
        "remediation": f"{DOCS}/connection-management",
        "cache_key": name,
        "observed_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }


async def _not_reachable(project: Project) -> str:
    return await project.refusal("postgres")


async def _connection_failing(project: Project) -> str:
    return await project.refusal()


async def _limit_reached(project: Project) -> str:
    refusal = await project.refusal()
    return refusal if "slots" in refusal or "too many clients" in refusal else ""


async def _server_down(project: Project) -> str:
    return "" if project.postgres.is_running else "the database server does not run"


async def _errors_high(project: Project) -> str:
    since = datetime.now(UTC) - TWO_WINDOWS
    codes = [
        line.attributes["response.status_code"]
        for line in project.diary
        if line.source == "edge_logs" and line.at >= since
    ]
    failed = sum(code >= "500" for code in codes)
    return f"{failed} of {len(codes)} requests ended with 5xx" if codes and failed / len(codes) >= ERROR_SHARE else ""


_QUERIES: Mapping[str, str] = {
    "unindexed_foreign_keys": _UNINDEXED,
    "unused_index": _UNUSED,
    "no_primary_key": _KEYLESS,
    "rls_enabled_no_policy": _WITHOUT_POLICY,
    "rls_disabled_in_public": _UNPROTECTED,
}
_TITLES: Mapping[str, tuple[str, str, str]] = {
    "unindexed_foreign_keys": ("Unindexed foreign keys", "INFO", "PERFORMANCE"),
    "unused_index": ("Unused Index", "INFO", "PERFORMANCE"),
    "no_primary_key": ("No Primary Key", "INFO", "PERFORMANCE"),
    "rls_enabled_no_policy": ("RLS Enabled No Policy", "INFO", "SECURITY"),
    "rls_disabled_in_public": ("RLS Disabled in Public", "ERROR", "SECURITY"),
}
_HEALTH: Mapping[str, Callable[[Project], Awaitable[str]]] = {
    "db_not_reachable": _not_reachable,
    "db_connection_failing": _connection_failing,
    "db_connection_limit_reached": _limit_reached,
    "instance_db_down": _server_down,
    "log_data_api_error_rate_high": _errors_high,
}
