"""The newest jobs of each state, row by row, by the cheapest permitted way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diagnostics.clients.bullmq.replies import ids, text, whole
from diagnostics.clients.reader import Command, Reader
from diagnostics.clients.symptoms import recognise
from diagnostics.errors import ClientError
from diagnostics.readings import JobRow, JobRows

STATES = ("active", "completed", "failed", "delayed")
NEWEST = 100
"""Rows of each state: as many as the platform keeps of finished jobs."""
SMALL_SAMPLE = 3
"""Rows of each state read one by one where neither SORT_RO nor EVAL_RO is granted."""
_FIELDS = ("name", "timestamp", "processedOn", "finishedOn", "atm", "failedReason")
_SCRIPT = (
    "local z = redis.call('TYPE', KEYS[1]).ok == 'zset' "
    "local ids = z and redis.call('ZREVRANGE', KEYS[1], 0, ARGV[1]) or redis.call('LRANGE', KEYS[1], 0, ARGV[1]) "
    "local out = {} for _, id in ipairs(ids) do out[#out + 1] = id "
    "for _, v in ipairs(redis.call('HMGET', ARGV[2] .. id, 'name', 'timestamp', 'processedOn', 'finishedOn', 'atm',"
    " 'failedReason')) do out[#out + 1] = v or '' end end return out"
)


async def read_rows(redis: Reader, name: str, key: str) -> JobRows:
    """At most a hundred newest jobs of each state: SORT_RO, else EVAL_RO, else a few by HMGET.

    Four commands by the first way. One state is asked first, so that a refusal costs one command.
    """
    for method, command in (("SORT_RO", _sort), ("EVAL_RO", _script)):
        (first,) = await redis.read(command(key, STATES[0]))
        if not isinstance(first, ClientError):
            rest = await redis.read(*(command(key, state) for state in STATES[1:]))
            rows = [row for state, answer in zip(STATES, (first, *rest), strict=True) for row in _rows(state, answer)]
            return JobRows(queue=name, method=method, rows=tuple(rows), is_sample=False)
    return await _one_by_one(redis, name, key)


async def _one_by_one(redis: Reader, name: str, key: str) -> JobRows:
    """A few rows of each state but `delayed`: at most twelve commands."""
    states = STATES[:3]
    found = await redis.read(
        ("LRANGE", f"{key}active", 0, SMALL_SAMPLE - 1),
        *(("ZRANGE", f"{key}{state}", -SMALL_SAMPLE, -1) for state in states[1:]),
    )
    jobs = [(state, job) for state, answer in zip(states, found, strict=True) for job in ids(answer)]
    fields = await redis.read(*(("HMGET", key + job, *_FIELDS) for _, job in jobs)) if jobs else []
    rows = [_row(state, f) for (state, _), f in zip(jobs, fields, strict=True) if not isinstance(f, ClientError)]
    return JobRows(queue=name, method="HMGET", rows=tuple(rows), is_sample=True)


def _sort(key: str, state: str) -> Command:
    gets = [part for field in _FIELDS for part in ("GET", f"{key}*->{field}")]
    order = () if state in ("active", "delayed") else ("DESC",)
    return ("SORT_RO", key + state, "BY", "nosort", "LIMIT", 0, NEWEST, "GET", "#", *gets, *order)


def _script(key: str, state: str) -> Command:
    return ("EVAL_RO", _SCRIPT, 1, key + state, NEWEST - 1, key)


def _rows(state: str, answer: Any) -> list[JobRow]:
    if isinstance(answer, ClientError):
        raise answer
    width = len(_FIELDS) + 1
    return [_row(state, answer[i + 1 : i + width]) for i in range(0, len(answer), width)]


def _row(state: str, fields: Sequence[Any]) -> JobRow:
    name, added, started, finished, attempts, reason = (text(f) for f in fields)
    return JobRow(
        state=state,
        name=name if len(name) <= 60 else "…",
        added_ms=whole(added),
        started_ms=whole(started),
        finished_ms=whole(finished),
        attempts=whole(attempts),
        symptom=recognise(reason) if state in ("failed", "delayed") else None,
    )
