"""The newest steps of the event stream, and which job id was refused most."""

from __future__ import annotations

from collections import Counter
from typing import Any

from diagnostics.clients.bullmq.replies import text
from diagnostics.clients.reader import Reader
from diagnostics.errors import ClientError
from diagnostics.readings import QueueEvents

OFTEN = 5
"""Refusals of one id from which it is worth a command to see who holds it."""
_KINDS = frozenset(
    "added waiting prioritized delayed active completed failed stalled paused resumed removed drained "
    "duplicated cleaned".split()
)


async def read_events(redis: Reader, name: str, key: str, *, count: int) -> QueueEvents:
    """The newest `count` steps, oldest first (1 command; 1 more when one job id was refused often)."""
    (answer,) = await redis.read(("XREVRANGE", f"{key}events", "+", "-", "COUNT", count))
    if isinstance(answer, ClientError):
        raise answer
    entries = [_entry(raw) for raw in reversed(answer or [])]
    steps = [(at, kind) for at, kind, _ in entries if kind in _KINDS]
    refused = Counter(job for _, kind, job in entries if kind == "duplicated")
    job, most = refused.most_common(1)[0] if refused else ("", 0)
    holder, job_name = await _holder(redis, key + job) if most >= OFTEN else ("", "")
    return QueueEvents(
        queue=name,
        at_ms=tuple(at for at, _ in steps),
        kind=tuple(kind for _, kind in steps),
        complete_since_ms=steps[0][0] if steps else None,
        refused_most=most,
        refused_by=holder,
        refused_name=job_name,
    )


async def _holder(redis: Reader, key: str) -> tuple[str, str]:
    """Whether the job that holds an id has ended, and its type; its data stays where it is."""
    (fields,) = await redis.read(("HMGET", key, "name", "finishedOn"))
    if isinstance(fields, ClientError) or fields[0] is None:
        return "", ""
    name = text(fields[0])
    return "unfinished" if fields[1] is None else "finished", name if len(name) <= 60 else "…"


def _entry(raw: Any) -> tuple[int, str, str]:
    identity, fields = raw
    pairs = fields if isinstance(fields, dict) else dict(zip(fields[::2], fields[1::2], strict=False))
    return int(text(identity).split("-")[0]), text(pairs.get(b"event")), text(pairs.get(b"jobId"))
