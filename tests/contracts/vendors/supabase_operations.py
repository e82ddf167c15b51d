"""Our own table of Supabase's management API: each call clients make, and the answer it meets."""

from collections.abc import Mapping
from dataclasses import dataclass

OF = "/v1/projects/{ref}"
LOGS = (
    "select timestamp, source, event_message from logs where source = 'postgres_logs' order by timestamp desc limit 5"
)
LINTS = {"data": {"type": "project_advisors", "attributes": {"lints": [{"name": "db_not_reachable"}]}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class SupabaseExchange:
    """One call. `newer`: named by the vendor's documentation, absent from the description of June 2026."""

    name: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, object] | None = None
    status: int = 200
    has_token: bool = True
    newer: bool = False


SUPABASE_EXCHANGES: tuple[SupabaseExchange, ...] = (
    SupabaseExchange(name="projects", method="get", path="/v1/projects"),
    SupabaseExchange(name="project", method="get", path=OF),
    SupabaseExchange(
        name="health",
        method="get",
        path=f"{OF}/health",
        query=(("services", "db"), ("services", "pooler"), ("services", "rest"), ("timeout_ms", "2000")),
    ),
    SupabaseExchange(name="pooler", method="get", path=f"{OF}/config/database/pooler"),
    SupabaseExchange(name="settings", method="get", path=f"{OF}/config/database/postgres"),
    SupabaseExchange(name="disk", method="get", path=f"{OF}/config/disk/util"),
    SupabaseExchange(name="read-only mode", method="get", path=f"{OF}/readonly"),
    SupabaseExchange(name="writes allowed again", method="post", path=f"{OF}/readonly/temporary-disable", status=201),
    SupabaseExchange(
        name="read-only SQL",
        method="post",
        path=f"{OF}/database/query/read-only",
        body={"query": "select 1 as one"},
        status=201,
    ),
    SupabaseExchange(
        name="logs", method="get", path=f"{OF}/analytics/endpoints/logs", query=(("sql", LOGS),), newer=True
    ),
    SupabaseExchange(
        name="request counts",
        method="get",
        path=f"{OF}/analytics/endpoints/usage.api-counts",
        query=(("interval", "15min"),),
    ),
    SupabaseExchange(name="performance advisor", method="get", path=f"{OF}/advisors/performance"),
    SupabaseExchange(name="security advisor", method="get", path=f"{OF}/advisors/security"),
    SupabaseExchange(
        name="chosen lints", method="post", path="/v2/projects/{ref}/advisors/run", body=LINTS, newer=True
    ),
    SupabaseExchange(name="pause", method="post", path=f"{OF}/pause"),
    SupabaseExchange(name="restore", method="post", path=f"{OF}/restore"),
    SupabaseExchange(name="restart", method="post", path=f"{OF}/restart", newer=True),
    SupabaseExchange(name="project without a token", method="get", path=OF, status=401, has_token=False),
)
"""In this order: what is paused is restored."""
