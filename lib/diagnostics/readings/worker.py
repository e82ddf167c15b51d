"""What the worker's own endpoints and log say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from diagnostics.readings.symptom import Symptom


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
    """`at` minus uptime, taken at the middle of the request."""
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
    start_off_s: float = 0.5
    """How far `started_at` may be off (seconds): half the time the answer took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerMetrics:
    """Several answers of `/metrics`, spread over replicas and over about two seconds."""

    answer: Answer
    status_code: int | None = None
    samples: tuple[ReplicaSample, ...] = ()


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
    job_key: str = ""
    """Fingerprint of the id of a job that failed: tells jobs apart, names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLog:
    """Log lines of the worker, oldest first, complete within `[since_ms, until_ms]`."""

    events: tuple[LogEvent, ...]
    since_ms: int | None
    until_ms: int
    is_truncated: bool
