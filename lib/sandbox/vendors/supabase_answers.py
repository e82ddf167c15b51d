"""What Supabase's management API tells about a project: every value asked of the real server when it is wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import AsyncConnection, Error
from psycopg.rows import dict_row

from sandbox.data import Project
from sandbox.data.project import DISK_BYTES

SERVICES = ("auth", "db", "db_postgres_user", "pooler", "realtime", "rest", "storage", "pg_bouncer")
SHOWN = ("max_connections", "shared_buffers", "work_mem", "effective_cache_size", "maintenance_work_mem")
INTERVALS = ("15min", "30min", "1hr", "3hr", "1day", "3day", "7day")
ORGANIZATION = "world-wide-services"
REGION = "eu-central-1"


class QueryFailed(Exception):
    """SQL that the server refused; the text is the API's."""


def project_answer(project: Project) -> dict[str, object]:
    return {
        "id": project.ref,
        "ref": project.ref,
        "organization_id": ORGANIZATION,
        "organization_slug": ORGANIZATION,
        "name": "gpt-agent",
        "region": REGION,
        "created_at": _iso(project.created_at),
        "status": project.status.value,
        "database": {
            "host": f"db.{project.ref}.supabase.co",
            "version": "17.6.1.111",
            "postgres_engine": "17",
            "release_channel": "ga",
        },
    }


async def health_answer(project: Project, services: Sequence[str]) -> list[dict[str, object]]:
    """Each service as it is: `db` by the owner's reserved slot, all others by an ordinary connection."""
    owner, other = await project.refusal("postgres"), await project.refusal()
    answers = []
    for name in services:
        error = owner if name.startswith("db") else other
        if name == "rest" and project.rest.schema is None:
            error = "Could not query the database for the schema cache"
        answer: dict[str, object] = {
            "name": name,
            "healthy": not error,
            "status": "UNHEALTHY" if error else "ACTIVE_HEALTHY",
        }
        if error:
            answer["error"] = error
        elif name == "rest":
            answer["info"] = {"db_schema": "public"}
        answers.append(answer)
    return answers


def pooler_answer(project: Project) -> list[dict[str, object]]:
    """The shared pooler; nothing of the platform goes through it."""
    host, user = f"aws-0-{REGION}.pooler.supabase.com", f"postgres.{project.ref}"
    url = f"postgresql://{user}:[YOUR-PASSWORD]@{host}:6543/postgres"
    return [
        {
            "identifier": project.ref,
            "database_type": "PRIMARY",
            "is_using_scram_auth": True,
            "db_user": user,
            "db_host": host,
            "db_port": 6543,
            "db_name": "postgres",
            "connection_string": url,
            "connectionString": url,
            "default_pool_size": 15,
            "max_client_conn": 200,
            "pool_mode": "transaction",
        }
    ]


def disk_answer(project: Project) -> dict[str, object]:
    used = project.disk_used_bytes
    metrics = {
        "fs_size_bytes": DISK_BYTES,
        "fs_avail_bytes": max(0, DISK_BYTES - used),
        "fs_used_bytes": min(used, DISK_BYTES),
    }
    return {"timestamp": _iso(datetime.now(UTC)), "metrics": metrics}


async def settings_answer(project: Project) -> dict[str, object]:
    """Settings of the server; numbers as numbers."""
    rows = await query(project, f"SELECT {', '.join(f'current_setting({name!r}) AS {name}' for name in SHOWN)}")
    return {name: int(value) if name == "max_connections" else value for name, value in rows[0].items()}


async def read_only_answer(project: Project) -> dict[str, object]:
    """Whether new transactions of ordinary roles may write."""
    rows = await query(
        project,
        "SELECT coalesce(bool_or(s = 'default_transaction_read_only=on'), false) AS enabled"
        " FROM pg_db_role_setting d, unnest(d.setconfig) s WHERE d.setrole = 0",
    )
    return {**rows[0], "override_enabled": False, "override_active_until": "1970-01-01T00:00:00Z"}


async def query(project: Project, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
    """Rows of one statement, run by the role that can only read.

    Raises:
        QueryFailed: the server refused, or was not to be reached.
    """
    try:
        dsn = f"{project.postgres.address} user=supabase_read_only_user connect_timeout=3"
        async with await AsyncConnection.connect(dsn, row_factory=dict_row) as asking:
            cursor = await asking.execute(sql.encode(), parameters or None)
            return await cursor.fetchall() if cursor.description else []
    except Error as error:
        said = error.diag.message_primary or str(error).strip()
        raise QueryFailed(f"Failed to run sql query: ERROR:  {error.sqlstate or '08006'}: {said}") from error


def counts_answer(project: Project) -> dict[str, object]:
    """Requests by the quarter of an hour, counted in the gateway's own lines."""
    counts: Counter[datetime] = Counter()
    for line in project.diary:
        if line.source == "edge_logs" and line.attributes["request.path"].startswith("/rest/"):
            counts[line.at.replace(second=0, microsecond=0) - timedelta(minutes=line.at.minute % 15)] += 1
    rows = [
        {
            "timestamp": _iso(at),
            "total_auth_requests": 0,
            "total_realtime_requests": 0,
            "total_rest_requests": count,
            "total_storage_requests": 0,
        }
        for at, count in sorted(counts.items())
    ]
    return {"result": rows}


def jsonable(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, object]]:
    """Rows with everything that JSON has no word for as text."""
    plain = (bool, int, float, str, list, dict, type(None))
    return [{name: value if isinstance(value, plain) else str(value) for name, value in row.items()} for row in rows]


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
