"""Typed probe payloads: one dataclass per subject, `None` where a value was not measured.

Units are in the names: `_s` seconds, `_ms` milliseconds, `_jobs` counts, `_ratio` 0-1.
Instants are UTC datetimes, except in series, where they are integer epoch milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TypeAlias

from diagnostics.samples import HistoryBaseline, HistorySamples


class Symptom(Enum):
    """What an error text of the platform means; `clients/symptoms.py` recognises it."""

    NAME_UNRESOLVED = "name_unresolved"
    NAME_TEMPORARY = "name_temporary"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    RESET = "reset"
    CREDENTIALS_REJECTED = "credentials_rejected"
    AUTH_TIMED_OUT = "auth_timed_out"
    QUOTA_EXHAUSTED = "quota_exhausted"
    OUT_OF_MEMORY = "out_of_memory"
    HEAP_FULL = "heap_full"
    READ_ONLY = "read_only"
    ENVIRONMENT_INVALID = "environment_invalid"
    MODULE_MISSING = "module_missing"
    QUEUE_NAME_ILLEGAL = "queue_name_illegal"
    HANDLER_MISSING = "handler_missing"
    STALLED = "stalled"
    LOCK_LOST = "lock_lost"
    OPENROUTER_RATE_LIMITED = "openrouter_rate_limited"
    OPENROUTER_CREDENTIALS = "openrouter_credentials"
    OPENROUTER_CREDIT = "openrouter_credit"
    OPENROUTER_DOWN = "openrouter_down"
    KOMMO_TOKEN = "kommo_token"
    DATABASE_DOWN = "database_down"
    DATABASE_SCHEMA = "database_schema"
    DATABASE_TIMEOUT = "database_timeout"
    DATABASE = "database"
    OTHER = "other"


class Answer(Enum):
    """How an HTTP endpoint of the worker answered."""

    OK = "ok"
    DEGRADED = "degraded"
    SILENT = "silent"
    EDGE_ERROR = "edge_error"
    NOT_FOUND = "not_found"
    SERVER_ERROR = "server_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerHealth:
    """One answer of the worker's `/health`. Fields are of the replica that happened to answer."""

    answer: Answer
    status_code: int | None = None
    latency_s: float | None = None
    clock_skew_s: float | None = None
    """Worker's clock minus ours, when it told its time."""
    uptime_s: float | None = None
    redis_connected: bool | None = None
    redis_symptom: Symptom | None = None
    redis_error: str = ""
    """Redacted text of the worker's Redis error."""
    concurrency: int | None = None
    queue_name: str | None = None
    processing_jobs: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTypeTotals:
    """Attempts of one job type on one replica since it started."""

    name: str
    completed: int
    failed: int
    average_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaSample:
    """One answer of `/metrics`: the totals of one replica since its start."""

    at: datetime
    started_at: datetime
    """`at` minus uptime; tells replicas apart."""
    attempts: int
    completed: int
    failed: int
    """Failed attempts: every retry counts."""
    processing: int
    redis_connected: bool
    redis_symptom: Symptom | None
    redis_error: str
    reconnects: int
    concurrency: int
    queue_name: str
    average_ms: float | None
    by_type: tuple[JobTypeTotals, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerMetrics:
    """Several answers of `/metrics`, spread over replicas and over about two seconds."""

    answer: Answer
    status_code: int | None = None
    samples: tuple[ReplicaSample, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisConnection:
    """The operator's own connection to Redis worked."""

    latency_s: float
    commands: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCounts:
    """All states of one queue at one instant. An absent queue has `is_present` false and no counts."""

    name: str
    is_present: bool
    is_paused: bool | None = None
    wait: int | None = None
    paused: int | None = None
    prioritized: int | None = None
    delayed: int | None = None
    active: int | None = None
    completed: int | None = None
    failed: int | None = None
    waiting_children: int | None = None
    last_id: int | None = None
    oldest_waiting_at: datetime | None = None
    oldest_active_at: datetime | None = None
    newest_completed_at: datetime | None = None
    newest_failed_at: datetime | None = None
    newest_added_at: datetime | None = None
    active_without_lock: int | None = None
    """Active at both looks and without a lock at both: a job that ends between two reads is not counted."""
    ended_between: int | None = None
    """Active at the first look and no longer at the second."""
    limiter_ms: int | None = None
    """Time left of the rate limiter's window; 0 when no window is open."""
    limiter_jobs: int | None = None
    """Jobs the limiter has counted in that window; `rateLimit()` by hand writes 2^53 - 1."""
    rate_max_jobs: int | None = None
    """Jobs the queue's own rate limit allows in a window; `None` when none is set there (a worker may set one)."""
    rate_window_ms: int | None = None
    concurrency_limit: int | None = None
    """Jobs all workers together may have active; `None` when the queue sets no limit."""

    @property
    def depth(self) -> int | None:
        """Ready and not started: wait + paused + prioritized; `None` when any of them is unknown."""
        if self.wait is None or self.paused is None or self.prioritized is None:
            return None
        return self.wait + self.paused + self.prioritized

    @property
    def script_depth(self) -> int | None:
        """What `scripts/monitor-redis-queue.sh` calls the depth: wait + active; `None` when one of them is unknown.

        The script itself prints 0 where a read fails, and never sees paused, prioritized, delayed or failed jobs.
        """
        return None if self.wait is None or self.active is None else self.wait + self.active


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """The queues the profile names and those found beside them, first and again about 2 s later."""

    first: tuple[QueueCounts, ...]
    second: tuple[QueueCounts, ...]
    gap_s: float
    found: tuple[str, ...] = ()
    """Names of queues met by the bounded scan."""
    scanned_keys: int | None = None
    scan_complete: bool = False
    scan_refused: bool = False
    """The credentials may not scan: Upstash's read-only token does not."""
    total_keys: int | None = None
    """Keys in the whole database, scanned or not."""
    fallback_keys: int | None = None
    """Dead letters met outside their queue, as plain keys."""
    foreign_keys: int | None = None
    """Keys met under BullMQ's prefix that belong to no queue."""

    def now(self, name: str) -> QueueCounts | None:
        """The latest counts of queue `name`."""
        return next((q for q in (*self.second, *self.first) if q.name == name), None)

    def before(self, name: str) -> QueueCounts | None:
        """The earlier counts of queue `name`."""
        return next((q for q in self.first if q.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """One job's times (epoch ms) and type; its data is never read."""

    state: str
    name: str
    added_ms: int | None
    started_ms: int | None
    finished_ms: int | None
    attempts: int | None = None
    symptom: Symptom | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobHistory:
    """Finished jobs of one queue as parallel columns, newest first; times in milliseconds.

    A job finished at `newest_ms` minus the running total of `step_ms`.
    """

    queue: str
    newest_ms: int
    step_ms: tuple[int, ...]
    """Time since this job's end until the end of the one before it in this list."""
    wait_ms: tuple[int, ...]
    """From being added to its last start; -1 where one of them is not on record."""
    run_ms: tuple[int, ...]
    """From its last start to its end; -1 likewise."""
    kind: tuple[int, ...]
    """Index into `names`."""
    has_failed: tuple[bool, ...]
    names: tuple[str, ...]
    kept_jobs: int
    """Finished jobs the queue holds."""
    since_ms: int
    """From here on no finished job that the queue still holds is missing."""
    is_cut: bool
    """Whether the queue holds older ones within the window, for which the budget did not suffice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRows:
    """A sample of jobs of one queue, newest first within each state."""

    queue: str
    method: str
    """How the rows were read: `SORT_RO`, `EVAL_RO` or `HMGET`."""
    rows: tuple[JobRow, ...]
    is_sample: bool
    history: JobHistory | None = None
    """Many more finished jobs, where the budget allows and SORT_RO is granted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEvents:
    """Steps of jobs from the queue's event stream: two parallel columns, oldest first.

    `complete_since_ms` is the earliest instant from which no step is missing.
    """

    queue: str
    at_ms: tuple[int, ...]
    kind: tuple[str, ...]
    """`waiting`, `prioritized`, `delayed`, `active`, `completed`, `failed`, `stalled`, `paused`, `resumed` …"""
    complete_since_ms: int | None
    refused_most: int = 0
    """How often the job id that was refused most was refused: BullMQ ignores an id that still exists."""
    refused_by: str = ""
    """Where the job that holds this id is: `finished`, `unfinished`, or empty when it is gone or was not read."""
    refused_name: str = ""
    """Type of that job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisServer:
    """Memory of the server, where INFO is permitted."""

    used_bytes: int | None
    limit_bytes: int | None
    policy: str
    connected_clients: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One environment variable of a service: its value is dropped inside the client that reads it."""

    name: str
    length: int
    shape: str
    """`url`, `integer`, `identifier`, `token`, `empty`, `placeholder` or `text`; defects follow after a colon."""
    fingerprint: str
    host: str = ""
    """Host of a URL."""
    port: int | None = None
    """Port of a URL, where it names one."""
    value: str = ""
    """Kept for a short list of names that are not secret: JOB_CONCURRENCY, JOB_QUEUE_NAME …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One release of a service."""

    id: str
    status: str
    created_at: datetime
    status_updated_at: datetime | None = None
    commit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RailwayService:
    """The worker service as Railway shows it."""

    name: str
    replicas_wanted: int | None
    replicas_running: int
    instance_statuses: tuple[str, ...]
    restart_limit: int | None
    latest: Deployment | None
    is_stopped: bool | None
    deployments: tuple[Deployment, ...]
    variables: tuple[Variable, ...] | None
    """`None` when they could not be read."""
    provider_incident: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvent:
    """One classified log line; free text is dropped in the client."""

    at_ms: int
    level: str
    event: str
    symptom: Symptom | None = None
    job_name: str = ""
    duration_ms: float | None = None
    instance: str = ""
    detail: str = ""
    """Redacted remainder of the error text, at most 120 characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLog:
    """Log lines of the worker, oldest first, complete within `[since_ms, until_ms]`."""

    events: tuple[LogEvent, ...]
    since_ms: int | None
    until_ms: int
    is_truncated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRouterAccount:
    """What OpenRouter says about itself and about our key. `key_symptom` is `None` for a working key."""

    models: int | None
    key_symptom: Symptom | None
    credit_left_usd: float | None
    latency_s: float | None


Reading: TypeAlias = (
    WorkerHealth
    | WorkerMetrics
    | RedisConnection
    | QueueState
    | JobRows
    | QueueEvents
    | RedisServer
    | RailwayService
    | WorkerLog
    | OpenRouterAccount
    | HistorySamples
    | HistoryBaseline
)
