"""What Redis holds: the connection, the queues, their jobs and their events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from diagnostics.readings.symptom import Symptom


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
    has_failed: tuple[bool, ...]
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
