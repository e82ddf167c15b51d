"""The worker's own HTTP endpoints: `/health` and `/metrics`.

Both are per replica behind one address, so consecutive answers may come from different replicas.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated

from pydantic import Field

from diagnostics.clients.http import Answer as HttpAnswer
from diagnostics.clients.http import Http, parse
from diagnostics.clients.payload import Payload
from diagnostics.clients.symptoms import plain_words, recognise
from diagnostics.errors import ClientTimeout, SchemaError
from diagnostics.readings import Answer, JobTypeTotals, ReplicaSample, WorkerHealth
from diagnostics.settings import shown

Count = Annotated[int, Field(ge=0)]
Finite = Annotated[float, Field(allow_inf_nan=False)]

PATIENCE_S = 1.5
"""A wait shorter than this proves no silence: a healthy worker takes 0.7 s. Source: the platform's uptime monitor."""


class _HealthRedis(Payload):
    connected: bool
    error: str | None = None


class _HealthWorker(Payload):
    concurrency: Count
    queueName: str
    jobsProcessing: int


class _Health(Payload):
    status: str
    timestamp: datetime | None = None
    uptime: Finite
    redis: _HealthRedis
    worker: _HealthWorker


class _JobType(Payload):
    completed: Count = 0
    failed: Count = 0
    avgTime: Finite | None = None


class _Jobs(Payload):
    total: Count
    completed: Count
    failed: Count
    # A stall-killed job is subtracted on a replica that never started it: the number may be negative.
    processing: int
    byType: dict[str, _JobType] = Field(default_factory=dict)


class _MetricsRedis(Payload):
    connected: bool
    lastError: str | None = None
    reconnectAttempts: Count = 0


class _MetricsWorker(Payload):
    uptime: Finite
    concurrency: Count
    queueName: str


class _Performance(Payload):
    avgProcessingTime: Finite | None = None


class _Metrics(Payload):
    jobs: _Jobs
    redis: _MetricsRedis
    worker: _MetricsWorker
    performance: _Performance = _Performance()


async def read_health(http: Http, base_url: str, *, timeout_s: float) -> tuple[WorkerHealth, str]:
    """One `/health`: the reading and a short excerpt.

    A missing answer after a connection is an observation (the endpoint hangs when Redis is out of
    reach), as is an error of the host's edge. Raises ClientError when the address cannot be reached.
    """
    where = f"GET {shown(base_url)}/health"
    try:
        answer = await http.get(f"{base_url}/health", timeout_s=timeout_s)
    except ClientTimeout:
        if timeout_s < PATIENCE_S:
            raise
        return WorkerHealth(answer=Answer.SILENT, latency_s=timeout_s), ""
    edge = _edge(answer)
    if edge:
        return WorkerHealth(answer=edge, status_code=answer.status_code, latency_s=answer.latency_s), ""
    body = parse(_Health, answer.json(where), where)
    reading = WorkerHealth(
        answer=Answer.OK if answer.status_code == 200 else Answer.DEGRADED,
        status_code=answer.status_code,
        latency_s=answer.latency_s,
        clock_skew_s=_skew(body.timestamp, answer),
        uptime_s=body.uptime,
        redis_connected=body.redis.connected,
        redis_symptom=recognise(body.redis.error or ""),
        redis_error=plain_words(body.redis.error or ""),
        concurrency=body.worker.concurrency,
        queue_name=_name(body.worker.queueName),
        processing_jobs=max(0, body.worker.jobsProcessing),
    )
    return (
        reading,
        f"status={plain_words(body.status)} redis.connected={body.redis.connected} {reading.redis_error}".strip(),
    )


async def read_metrics(http: Http, base_url: str, *, timeout_s: float) -> ReplicaSample | tuple[Answer, int | None]:
    """One `/metrics` of whichever replica answers, or how the endpoint failed to answer."""
    where = f"GET {shown(base_url)}/metrics"
    try:
        answer = await http.get(f"{base_url}/metrics", timeout_s=timeout_s)
    except ClientTimeout:
        if timeout_s < PATIENCE_S:
            raise
        return Answer.SILENT, None
    edge = _edge(answer)
    if edge:
        return edge, answer.status_code
    body = parse(_Metrics, answer.json(where), where)
    now = datetime.now(UTC)
    return ReplicaSample(
        at=now,
        started_at=now - timedelta(seconds=body.worker.uptime + answer.elapsed_s / 2),
        start_off_s=round(answer.elapsed_s / 2, 3),
        attempts=body.jobs.total,
        completed=body.jobs.completed,
        failed=body.jobs.failed,
        processing=max(0, body.jobs.processing),
        redis_connected=body.redis.connected,
        redis_symptom=recognise(body.redis.lastError or ""),
        redis_error=plain_words(body.redis.lastError or ""),
        reconnects=body.redis.reconnectAttempts,
        concurrency=body.worker.concurrency,
        queue_name=_name(body.worker.queueName),
        average_ms=body.performance.avgProcessingTime,
        by_type=tuple(
            JobTypeTotals(name=_name(name), completed=t.completed, failed=t.failed, average_ms=t.avgTime)
            for name, t in sorted(body.jobs.byType.items())[:50]
        ),
    )


def _edge(answer: HttpAnswer) -> Answer | None:
    """The host's or the server's own error answers, which carry no worker payload."""
    if answer.status_code in (502, 504) or (answer.status_code == 503 and "html" in answer.content_type):
        return Answer.EDGE_ERROR
    if answer.status_code == 404:
        return Answer.NOT_FOUND
    if answer.status_code == 500:
        return Answer.SERVER_ERROR
    if answer.status_code not in (200, 503):
        raise SchemaError(f"the worker answered status {answer.status_code}, which it never sends", path="status")
    return None


def _skew(told: datetime | None, answer: HttpAnswer) -> float | None:
    """The other clock minus ours, by the payload's timestamp or the HTTP date. Rough to half the latency."""
    if told is None:
        try:
            told = parsedate_to_datetime(answer.headers.get("date", ""))
        except (TypeError, ValueError):
            return None
    told = told if told.tzinfo else told.replace(tzinfo=UTC)
    return round((told - datetime.now(UTC)).total_seconds() + answer.elapsed_s / 2, 3)


def _name(value: str) -> str:
    """A queue or job type name as the platform forms them; anything else is masked."""
    return value if value.replace(":", "").replace("-", "").replace("_", "").isalnum() and len(value) <= 60 else "…"
