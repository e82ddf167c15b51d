"""What the database says of itself: through Supabase's management, through its REST interface, and by SQL.

Names of tables, columns, indexes and applications are kept; rows, literals and addresses never are.
"""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.readings.symptom import Symptom


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceHealth:
    """One service of the project, as Supabase's own health check sees it."""

    name: str
    """`db`, `pooler`, `rest`, `auth` …"""
    is_healthy: bool
    status: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooler:
    """One entry of the pooler's configuration. `None` sizes mean: the default of the compute size."""

    kind: str
    """`PRIMARY` or `READ_REPLICA`."""
    mode: str
    pool_size: int | None
    most_clients: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lint:
    """One piece of advice of Supabase's advisors."""

    name: str
    level: str
    table: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupabaseProject:
    """The project as Supabase's management API shows it; a part that could not be read is `None` and in `unread`."""

    status: str
    """`ACTIVE_HEALTHY`, `INACTIVE` (paused), `RESTORING` …"""
    version: str = ""
    services: tuple[ServiceHealth, ...] | None = None
    poolers: tuple[Pooler, ...] | None = None
    disk_bytes: float | None = None
    disk_used_bytes: float | None = None
    is_read_only: bool | None = None
    lints: tuple[Lint, ...] | None = None
    unread: tuple[str, ...] = ()
    why_unread: tuple[str, ...] = ()
    """The reason of each part in `unread`, in its order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestAnswer:
    """One answer of the REST interface to one key. `symptom` is `None` when rows, or none, came."""

    role: str
    """`anon` or `service`: whose key was sent."""
    table: str
    """Empty for the interface's own description."""
    status_code: int | None
    """`None` when it accepted the connection and said nothing."""
    symptom: Symptom | None
    code: str = ""
    """PostgREST's code or the SQLSTATE."""
    detail: str = ""
    latency_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedTable:
    """A table or view as the REST interface has it in its schema cache."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SupabaseRest:
    """What PostgREST answers to both keys. `cached` is `None` when its description was not to be had."""

    answers: tuple[RestAnswer, ...]
    cached: tuple[CachedTable, ...] | None = None
    unset: tuple[str, ...] = ()
    """Variables of keys that are not set, so that nobody asked with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGroup:
    """Log lines of one service with one meaning. Instants are epoch milliseconds."""

    source: str
    symptom: Symptom
    detail: str
    count: int
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SupabaseLogs:
    """Error lines of the database's services within `[since_ms, until_ms]`; only the newest when `is_cut`."""

    groups: tuple[LogGroup, ...]
    since_ms: int
    until_ms: int
    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionGroup:
    """Sessions of one application in one state."""

    application: str
    state: str
    """`active`, `idle`, `idle in transaction` …"""
    count: int
    longest_s: float
    """The longest time one of them has been in this state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningStatement:
    """A statement that runs now."""

    pid: int
    application: str
    running_s: float
    is_waiting: bool
    """It waits for a lock."""
    shape: str
    """The statement without its literals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedSession:
    """A session that waits for a lock, and one that holds it."""

    pid: int
    application: str
    waiting_s: float
    relation: str
    shape: str
    blocker_pid: int
    blocker_application: str
    blocker_state: str
    blocker_transaction_s: float | None
    blocker_shape: str
    is_blocker_waiting: bool
    """The blocker itself waits for a lock, so it is not the root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """A read replica and how far it is behind."""

    name: str
    state: str
    lag_bytes: float | None
    lag_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresActivity:
    """What the server does now; or, where it takes no connection of ours, its SQLSTATE and nothing else."""

    refused_code: str = ""
    """`53300` no slot free, `57P03` starting; `role_limit`, `pooler_full`, `tenant_unknown` bar us; empty: let in."""
    connect_s: float | None = None
    most_connections: int | None = None
    reserved_connections: int | None = None
    """Of these, kept for superusers."""
    sessions: tuple[SessionGroup, ...] = ()
    running: tuple[RunningStatement, ...] = ()
    blocked: tuple[BlockedSession, ...] = ()
    oldest_transaction_s: float | None = None
    oldest_transaction_of: str = ""
    replicas: tuple[Replica, ...] = ()
    is_in_recovery: bool | None = None
    is_read_only: bool | None = None
    """New sessions may only read by default: Supabase's read-only mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One normalised statement of pg_stat_statements; times in milliseconds."""

    shape: str
    calls: int
    mean_ms: float
    longest_ms: float
    total_ms: float
    calls_now: int | None = None
    """Calls that ended between the two looks."""
    mean_now_ms: float | None = None
    """Their mean; `None` when none ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresStatements:
    """The statements that cost most since the statistics were reset, looked at twice. `None`: not installed."""

    statements: tuple[Statement, ...] | None
    gap_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table or view of the schema `public`."""

    name: str
    columns: tuple[str, ...]
    bytes: int
    rows: float
    """The planner's estimate; -1 when never analysed."""
    sequential_scans: int
    index_scans: int
    has_row_security: bool
    policies: int
    is_service_permitted: bool | None
    """The role of the service key may read and write it; `None` where there is no such role."""
    is_anon_permitted: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresSchema:
    """Tables, sizes and indexes as SQL sees them."""

    database_bytes: int
    tables: tuple[Table, ...]
    unused_indexes: tuple[str, ...]
    """`table.index`, the largest first."""
    unused_bytes: int
    unindexed_keys: tuple[str, ...]
    """`table.constraint` of foreign keys without a covering index."""
