"""The past in the host's log store: the lines the worker would have written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from sandbox.history.past import Past, PastJob
from sandbox.host.logbook import encode_attributes, severity_of
from sandbox.service import LogLine
from sandbox.worker.log import pino_fields

Moment = tuple[int, str, str, str, str, dict[str, object]]
"""Instant (ms), level, event, message, error, context."""


def past_lines(past: Past, *, deployment_id: str, instance_ids: Sequence[str]) -> list[LogLine]:
    """Lines in order of time, as Railway would have read them."""
    found = [
        (at_ms, instance_ids[job.replica], level, event, message, error, context)
        for job in past.jobs
        for at_ms, level, event, message, error, context in _moments(job)
    ]
    found.sort(key=lambda each: each[0])
    return [
        _line(at_ms, level, event, message, error, context, deployment_id, instance_id)
        for at_ms, instance_id, level, event, message, error, context in found
    ]


def _moments(job: PastJob) -> Iterator[Moment]:
    names: dict[str, object] = {"jobId": job.id, "jobName": job.name}
    for attempt in job.attempts:
        yield attempt.started_ms, "info", "job.start", f"Job started: {job.name}", "", {**names, "jobData": job.data}
        context = {**names, "duration": attempt.ended_ms - attempt.started_ms}
        if attempt.error:
            yield attempt.ended_ms, "error", "job.failed", f"Job failed: {job.name}", attempt.error, context
        else:
            yield attempt.ended_ms, "info", "job.complete", f"Job completed: {job.name}", "", context
    if job.has_failed:
        exceeded = {**names, "attemptsMade": len(job.attempts)}
        message = "Job exceeded max retries, moving to DLQ"
        yield job.ended_ms, "warn", "job.max_retries_exceeded", message, "", exceeded
        yield job.ended_ms, "warn", "dlq.job.moved", "Job moved to Dead Letter Queue", "", names


def _line(
    at_ms: int,
    level: str,
    event: str,
    message: str,
    error: str,
    context: dict[str, object],
    deployment_id: str,
    instance_id: str,
) -> LogLine:
    fields = pino_fields(level, event, message, at_ms=at_ms, error=error, context=context)
    fields.pop("msg")
    return LogLine(
        at=datetime.fromtimestamp(at_ms / 1000, UTC),
        message=message,
        severity=severity_of(fields.pop("level")),
        deployment_id=deployment_id,
        instance_id=instance_id,
        attributes=encode_attributes(fields),
    )
