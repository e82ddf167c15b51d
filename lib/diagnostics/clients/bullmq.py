"""BullMQ's keys in Redis, read without its library: layouts 5.x and 6.x.

Source: the key table of BullMQ 5 (`bull:<queue>:<suffix>`); in 6.x paused jobs stay in `wait`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from diagnostics.clients.reader import Command, Reader
from diagnostics.clients.symptoms import recognise
from diagnostics.errors import ClientError
from diagnostics.readings import JobRow, JobRows, QueueCounts, QueueEvents

SMALL_SAMPLE = 8
"""Rows read one by one where neither SORT_RO nor EVAL_RO is granted."""
_FIELDS = ("name", "timestamp", "processedOn", "finishedOn", "atm", "failedReason")
_SCRIPT = (
    "local z = redis.call('TYPE', KEYS[1]).ok == 'zset' "
    "local ids = z and redis.call('ZREVRANGE', KEYS[1], 0, ARGV[1]) or redis.call('LRANGE', KEYS[1], 0, ARGV[1]) "
    "local out = {} for _, id in ipairs(ids) do out[#out + 1] = id "
    "for _, v in ipairs(redis.call('HMGET', ARGV[2] .. id, 'name', 'timestamp', 'processedOn', 'finishedOn', 'atm',"
    " 'failedReason')) do out[#out + 1] = v or '' end end return out"
)
_KINDS = frozenset(
    "added waiting prioritized delayed active completed failed stalled paused resumed removed drained".split()
)


class Bullmq:
    """The queues of one prefix."""

    def __init__(self, redis: Reader, *, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix

    async def counts(self, *names: str) -> tuple[QueueCounts, ...]:
        """Counts of every state of each queue, one pipeline for all (9 commands a queue)."""
        replies = await self._redis.read(*(c for name in names for c in self._count_commands(name)))
        size = len(replies) // max(1, len(names))
        return tuple(_counts(name, replies[i * size : (i + 1) * size]) for i, name in enumerate(names))

    async def brief_counts(self, *names: str) -> tuple[QueueCounts, ...]:
        """Is the queue there, and what waits, failed and has priority in it (4 commands a queue)."""
        commands: list[Command] = []
        for name in names:
            commands += [
                ("EXISTS", self._key(name, "meta")),
                ("LLEN", self._key(name, "wait")),
                ("ZCARD", self._key(name, "prioritized")),
                ("ZCARD", self._key(name, "failed")),
            ]
        replies = await self._redis.read(*commands)
        found = []
        for i, name in enumerate(names):
            meta, wait, prioritized, failed = map(_count, replies[i * 4 : i * 4 + 4])
            is_present = bool(meta or wait or prioritized or failed)
            found.append(
                QueueCounts(name=name, is_present=is_present)
                if not is_present
                else QueueCounts(
                    name=name, is_present=True, wait=wait, paused=0, prioritized=prioritized, failed=failed
                )
            )
        return tuple(found)

    async def marks(self, name: str) -> dict[str, Any]:
        """Oldest waiting job's id, active ids (at most 200) and newest finished scores (4 commands)."""
        wait, active, completed, failed = await self._redis.read(
            ("LRANGE", self._key(name, "wait"), -1, -1),
            ("LRANGE", self._key(name, "active"), 0, 199),
            ("ZRANGE", self._key(name, "completed"), -1, -1, "WITHSCORES"),
            ("ZRANGE", self._key(name, "failed"), -1, -1, "WITHSCORES"),
        )
        return {
            "oldest_waiting": _ids(wait)[:1],
            "active": _ids(active),
            "newest_completed_at": _score_time(completed),
            "newest_failed_at": _score_time(failed),
        }

    async def locks(self, name: str, ids: Sequence[str]) -> int | None:
        """How many of these active jobs hold a lock (1 command); `None` when that is not permitted."""
        if not ids:
            return 0
        (held,) = await self._redis.read(("EXISTS", *(self._key(name, f"{i}:lock") for i in ids)))
        return _count(held)

    async def added_at(self, name: str, job: str) -> datetime | None:
        """When a job was added (1 command)."""
        (raw,) = await self._redis.read(("HGET", self._key(name, job), "timestamp"))
        return _time(raw)

    async def rows(self, name: str, *, states: Sequence[str] = ("active", "completed", "failed", "delayed")) -> JobRows:
        """At most 100 newest jobs of each state by the cheapest permitted way: SORT_RO, EVAL_RO, then HMGET."""
        for method, command in (("SORT_RO", self._sort), ("EVAL_RO", self._script)):
            replies = await self._redis.read(*(command(name, state) for state in states))
            if not any(isinstance(reply, ClientError) for reply in replies):
                width = len(_FIELDS) + 1
                rows = [
                    _row(state, reply[i + 1 : i + width])
                    for state, reply in zip(states, replies, strict=True)
                    for i in range(0, len(reply), width)
                ]
                return JobRows(queue=name, method=method, rows=tuple(rows), is_sample=False)
        return await self._rows_one_by_one(name, states)

    async def events(self, name: str, *, count: int) -> QueueEvents:
        """The newest `count` steps of the queue's event stream, oldest first (2 commands)."""
        reply, length = await self._redis.read(
            ("XREVRANGE", self._key(name, "events"), "+", "-", "COUNT", count),
            ("XLEN", self._key(name, "events")),
        )
        if isinstance(reply, ClientError):
            raise reply
        steps = [step for entry in reversed(reply or []) if (step := _event(entry))]
        has_all = isinstance(length, int) and length <= len(reply or [])
        since = steps[0][0] if steps else None
        return QueueEvents(
            queue=name,
            at_ms=tuple(s[0] for s in steps),
            kind=tuple(s[1] for s in steps),
            complete_since_ms=since if not has_all or steps else None,
        )

    async def names(self, *, keys: int = 1000) -> tuple[tuple[str, ...], int, bool]:
        """Queue names met by a bounded scan: names, keys asked for, and whether the scan saw everything."""
        (reply,) = await self._redis.read(("SCAN", 0, "MATCH", f"{self._prefix}:*:meta", "COUNT", keys))
        if isinstance(reply, ClientError):
            return (), 0, False
        cursor, found = reply
        names = sorted(_text(key).removeprefix(f"{self._prefix}:").removesuffix(":meta") for key in found)
        return tuple(names), keys, int(cursor) == 0

    async def _rows_one_by_one(self, name: str, states: Sequence[str]) -> JobRows:
        rows: list[JobRow] = []
        for state in states:
            ranged = "LRANGE" if state == "active" else "ZRANGE"
            start, stop = (0, SMALL_SAMPLE - 1) if state == "active" else (-SMALL_SAMPLE, -1)
            (found,) = await self._redis.read((ranged, self._key(name, state), start, stop))
            ids = _ids(found)[:SMALL_SAMPLE]
            if ids:
                fields = await self._redis.read(*(("HMGET", self._key(name, i), *_FIELDS) for i in ids))
                rows += [_row(state, f) for f in fields if not isinstance(f, ClientError)]
        return JobRows(queue=name, method="HMGET", rows=tuple(rows), is_sample=True)

    def _key(self, queue: str, suffix: str) -> str:
        return f"{self._prefix}:{queue}:{suffix}"

    def _count_commands(self, name: str) -> tuple[Command, ...]:
        return (
            ("HMGET", self._key(name, "meta"), "paused", "opts.maxLenEvents", "version"),
            ("LLEN", self._key(name, "wait")),
            ("LLEN", self._key(name, "paused")),
            ("ZCARD", self._key(name, "prioritized")),
            ("ZCARD", self._key(name, "delayed")),
            ("LLEN", self._key(name, "active")),
            ("ZCARD", self._key(name, "completed")),
            ("ZCARD", self._key(name, "failed")),
            ("GET", self._key(name, "id")),
        )

    def _sort(self, name: str, state: str) -> Command:
        prefix = self._key(name, "")
        gets = [part for field in _FIELDS for part in ("GET", f"{prefix}*->{field}")]
        order = () if state in ("active", "delayed") else ("DESC",)
        return ("SORT_RO", prefix + state, "BY", "nosort", "LIMIT", 0, 100, "GET", "#", *gets, *order)

    def _script(self, name: str, state: str) -> Command:
        return ("EVAL_RO", _SCRIPT, 1, self._key(name, state), 99, self._key(name, ""))


def _counts(name: str, replies: Sequence[Any]) -> QueueCounts:
    meta, *numbers = replies
    wait, paused, prioritized, delayed, active, completed, failed, last_id = map(_count, numbers)
    if isinstance(meta, ClientError):
        raise meta
    has_meta = any(field is not None for field in meta)
    if not has_meta and not any((wait, paused, prioritized, delayed, active, completed, failed, last_id)):
        return QueueCounts(name=name, is_present=False)
    return QueueCounts(
        name=name,
        is_present=True,
        is_paused=meta[0] is not None,
        wait=wait,
        paused=paused,
        prioritized=prioritized,
        delayed=delayed,
        active=active,
        completed=completed,
        failed=failed,
        last_id=last_id,
    )


def _row(state: str, fields: Sequence[Any]) -> JobRow:
    name, added, started, finished, attempts, reason = (_text(f) for f in fields)
    return JobRow(
        state=state,
        name=name if len(name) <= 60 else "…",
        added_ms=_int(added),
        started_ms=_int(started),
        finished_ms=_int(finished),
        attempts=_int(attempts),
        symptom=recognise(reason) if state in ("failed", "delayed") else None,
    )


def _event(entry: Any) -> tuple[int, str] | None:
    identity, fields = entry
    pairs = fields if isinstance(fields, dict) else dict(zip(fields[::2], fields[1::2], strict=False))
    kind = _text(pairs.get(b"event"))
    return (int(_text(identity).split("-")[0]), kind) if kind in _KINDS else None


def _count(reply: Any) -> int | None:
    """A count, or `None` when this one read was refused: never zero for a failure."""
    if isinstance(reply, ClientError):
        return None
    if reply is None:
        return 0
    return reply if isinstance(reply, int) else _int(_text(reply))


def _ids(reply: Any) -> list[str]:
    return [] if isinstance(reply, ClientError) else [_text(item) for item in reply or []]


def _score_time(reply: Any) -> datetime | None:
    if isinstance(reply, ClientError) or not reply:
        return None
    score = reply[0][1] if isinstance(reply[0], tuple | list) else reply[1]
    return _from_ms(int(float(_text(score) if isinstance(score, bytes) else score)))


def _time(raw: Any) -> datetime | None:
    number = None if isinstance(raw, ClientError) else _int(_text(raw))
    return _from_ms(number) if number is not None else None


def _from_ms(number: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(number / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _int(value: str) -> int | None:
    try:
        return int(value)
    except ValueError:
        return None


def _text(value: Any) -> str:
    if value is None or isinstance(value, ClientError):
        return ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
