"""The past in Redis: what BullMQ would have left of it, field by field."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sandbox.history.past import Past, PastJob

KEPT = 100
"""Jobs kept at either end: removeOnComplete and removeOnFail of the producer."""
KEPT_EVENTS = 10_000
RESULTS: dict[str, object] = {
    "crm:sync-pipelines": {"pipelines": 1},
    "crm:sync-contacts": {"contacts": 50},
    "kommo:send-message": {"sent": True},
    "extract-knowledge-graph": {"entities": 1},
    "process-large-file": {"steps": 4},
    "generate-report": {"steps": 4},
}
STACK = 'Traceback (most recent call last):\n  File "worker.py", line 1, in processJob\nError: {error}\n'
PRIORITY_STEP = 2**32


async def write_rows(client: Any, past: Past, queue: str, dead_letter_queue: str | None) -> None:
    """Write job rows, sets, counter and event stream of a queue that has never been used."""
    prefix = f"bull:{queue}"
    finished = past.by_end
    completed = [job for job in finished if not job.has_failed][-KEPT:]
    failed = [job for job in finished if job.has_failed]
    async with client.pipeline(transaction=False) as writing:
        for job in (*completed, *failed[-KEPT:]):
            _finish(writing, prefix, job)
        writing.set(f"{prefix}:id", past.last_number)
        writing.hset(f"{prefix}:meta", "opts.maxLenEvents", str(KEPT_EVENTS))
        for at_ms, sequence, fields in _events(past):
            writing.xadd(f"{prefix}:events", fields, id=f"{at_ms}-{sequence}")
        if dead_letter_queue:
            _bury(writing, f"bull:{dead_letter_queue}", failed)
        await writing.execute()


async def write_finished(client: Any, jobs: Sequence[PastJob], queue: str) -> None:
    """Add finished jobs of the past to a queue that is in use."""
    async with client.pipeline(transaction=False) as writing:
        for job in jobs:
            _finish(writing, f"bull:{queue}", job)
        await writing.execute()


def _finish(writing: Any, prefix: str, job: PastJob) -> None:
    writing.hset(f"{prefix}:{job.id}", mapping=_row(job))
    writing.zadd(f"{prefix}:{'failed' if job.has_failed else 'completed'}", {job.id: job.ended_ms})


def _row(job: PastJob) -> dict[str, str]:
    """The hash of a finished job."""
    last = job.attempts[-1]
    errors = [attempt.error for attempt in job.attempts if attempt.error]
    row = {
        "name": job.name,
        "data": _json(job.data),
        "opts": _json({**job.options, "delay": 0}),
        "timestamp": str(job.added_ms),
        "delay": "0",
        "priority": "0",
        "ats": str(len(job.attempts)),
        "atm": str(len(job.attempts)),
        "processedOn": str(last.started_ms),
        "finishedOn": str(last.ended_ms),
    }
    if errors:
        row["stacktrace"] = _json([STACK.format(error=error) for error in errors])
        row["failedReason"] = _json(last.error) if last.error else errors[-1]
    if not last.error:
        row["returnvalue"] = _result(job)
    return row


def _events(past: Past) -> list[tuple[int, int, dict[str, str]]]:
    """The last entries of the stream: instant (ms), sequence number within it, fields."""
    entries: list[tuple[int, dict[str, str]]] = []
    for job in past.jobs[-KEPT_EVENTS // 4 :]:
        entries.append((job.added_ms, {"event": "added", "jobId": job.id, "name": job.name}))
        entries.append((job.added_ms, {"event": "waiting", "jobId": job.id}))
        for number, attempt in enumerate(job.attempts):
            entries.append((attempt.started_ms, {"event": "active", "jobId": job.id, "prev": "waiting"}))
            entries.append((attempt.ended_ms, _end_event(job, number)))
    entries.sort(key=lambda entry: entry[0])
    numbered, last_ms, sequence = [], -1, 0
    for at_ms, fields in entries[-KEPT_EVENTS:]:
        sequence = sequence + 1 if at_ms == last_ms else 0
        numbered.append((at_ms, sequence, fields))
        last_ms = at_ms
    return numbered


def _end_event(job: PastJob, number: int) -> dict[str, str]:
    attempt = job.attempts[number]
    if not attempt.error:
        return {"event": "completed", "jobId": job.id, "returnvalue": _result(job), "prev": "active"}
    if number + 1 < len(job.attempts):
        return {"event": "delayed", "jobId": job.id, "delay": str(job.attempts[number + 1].started_ms)}
    return {"event": "failed", "jobId": job.id, "failedReason": _json(attempt.error), "prev": "active"}


def _bury(writing: Any, prefix: str, failed: Sequence[PastJob]) -> None:
    """What the worker put into the dead-letter queue."""
    for number, job in enumerate(failed, start=1):
        letter = f"dlq:{job.id}:{job.ended_ms}"
        data = {
            "originalJobId": job.id,
            "originalJobName": job.name,
            "originalData": job.data,
            "failureReason": job.attempts[-1].error,
            "failureCount": len(job.attempts),
            "firstFailedAt": job.attempts[-1].started_ms,
            "lastFailedAt": job.ended_ms,
            "stackTrace": [STACK.format(error=attempt.error) for attempt in job.attempts],
        }
        options = {
            "jobId": letter,
            "priority": 1,
            "removeOnComplete": False,
            "removeOnFail": False,
            "attempts": 0,
            "delay": 0,
        }
        row = {
            "name": f"dlq:{job.name}",
            "data": _json(data),
            "opts": _json(options),
            "timestamp": str(job.ended_ms),
            "delay": "0",
            "priority": "1",
        }
        writing.hset(f"{prefix}:{letter}", mapping=row)
        writing.zadd(f"{prefix}:prioritized", {letter: PRIORITY_STEP + number})
    if failed:
        writing.set(f"{prefix}:id", len(failed))
        writing.set(f"{prefix}:pc", len(failed))
        writing.hset(f"{prefix}:meta", "opts.maxLenEvents", str(KEPT_EVENTS))
        writing.zadd(f"{prefix}:marker", {"0": 0})


def _result(job: PastJob) -> str:
    return _json(RESULTS.get(job.name) or {"eventId": str(job.data.get("organizationId"))})


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
