"""Log lines of the worker, classified; their free text is dropped here.

Shapes: pino JSON with numeric level (HEAD), the older JSON with a level word (SEED), pretty text,
and plain console lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from diagnostics.clients.symptoms import plain_words, recognise
from diagnostics.fingerprint import fingerprint
from diagnostics.readings import LogEvent

_LEVELS = {10: "debug", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "error"}
_EVENT = re.compile(r"[a-z]+(\.[A-Za-z_]+){1,3}")
_JOB_NAME = re.compile(r"[A-Za-z][A-Za-z0-9:_-]{0,59}")
_PLAIN_EVENTS = (
    ("worker.ready", re.compile(r"Worker started successfully")),
    ("worker.start", re.compile(r"Starting Worker service")),
    ("redis.ready", re.compile(r"Redis connection ready")),
    ("job.complete", re.compile(r"Job completed: (?P<job>\S+)")),
    ("job.failed", re.compile(r"Job failed: (?P<job>\S+)")),
    ("job.start", re.compile(r"Job started: (?P<job>\S+)")),
    ("job.stalled", re.compile(r"Job \S+ stalled")),
    ("worker.shutdown", re.compile(r"Received SIGTERM")),
)


def event_of(
    stamp: str, message: str, *, severity: str, attributes: Mapping[str, Any], instance: str
) -> LogEvent | None:
    """One classified line, or `None` when even its time cannot be read.

    Args:
        stamp: the host's RFC 3339 time, nanoseconds allowed.
        message: the raw line, or its `msg` when the host has parsed the JSON into `attributes`.
    """
    at_ms = _milliseconds(stamp)
    if at_ms is None:
        return None
    fields = {**attributes, **_object(message)}
    error = fields.get("err") or fields.get("error") or {}
    reason = str(error.get("message", "")) if isinstance(error, dict) else str(error)
    told = str(fields.get("msg") or fields.get("message") or message)
    event, job = _event(fields, told)
    level = _level(fields.get("level"), severity)
    symptom = recognise(reason) or (recognise(told) if level in ("warn", "error") else None)
    is_bad = level in ("warn", "error")
    return LogEvent(
        at_ms=at_ms,
        level=level,
        event=event,
        symptom=symptom if is_bad else None,
        job_name=job,
        duration_ms=_number(fields.get("duration")),
        instance=instance,
        detail=plain_words(reason or told) if is_bad else "",
        job_key=fingerprint(f"job of the worker {fields['jobId']}") if is_bad and fields.get("jobId") else "",
    )


def _object(message: str) -> dict[str, Any]:
    if not message.lstrip().startswith("{"):
        return {}
    try:
        body = json.loads(message)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _event(fields: Mapping[str, Any], told: str) -> tuple[str, str]:
    """The event's name and the job type it concerns."""
    named = str(fields.get("event", ""))
    event = named if _EVENT.fullmatch(named) else ""
    job = str(fields.get("jobName", ""))
    for name, pattern in _PLAIN_EVENTS:
        match = pattern.search(told)
        if match:
            event = event or name
            job = job or match.groupdict().get("job", "")
            break
    return event, job if _JOB_NAME.fullmatch(job) else ""


def _level(level: Any, severity: str) -> str:
    if isinstance(level, int | float):
        return _LEVELS.get(int(level), "info")
    word = str(level or severity).lower()
    return {"err": "error", "warning": "warn", "fatal": "error"}.get(word, word if word in _LEVELS.values() else "info")


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0 <= number < 1e12 else None


def _milliseconds(stamp: str) -> int | None:
    trimmed = re.sub(r"(\.\d{6})\d+", r"\1", stamp.strip()).replace("Z", "+00:00")
    try:
        moment = datetime.fromisoformat(trimmed)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)
