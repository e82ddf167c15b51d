"""The steps of a queue's jobs into it and out of it, as the event stream or the job rows tell them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from diagnostics.readings import JobRow, JobRows, QueueCounts, QueueEvents, QueueState
from diagnostics.seen import Seen
from diagnostics.text import Text, text
from diagnostics.trends.series import Instants, each, epoch_ms

R = TypeVar("R")

_FEW = 5
"""Jobs that may come or go between two reads without making them contradict each other."""
# BullMQ 5.x emits exactly one `waiting` per entry into wait, paused or prioritized and one `active` per
# start. A job that goes back (stalled, retried) emits `waiting` again; `added` and `stalled` move nothing.
_DELTA = {"waiting": 1, "prioritized": 1, "active": -1}
_UNCOUNTABLE = ("cleaned", "removed")
"""Take jobs out of a state that the columns do not name: the depth before them cannot be rebuilt."""
_READY = ("wait", "waiting", "paused", "prioritized")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """Jobs entering (+1) and leaving (-1) a queue, complete from `since_ms` on."""

    at_ms: Instants
    delta: Instants
    since_ms: int
    read_ms: int
    """When they were read."""
    source: Text


def event_steps(seen: Seen, queue: str) -> Steps | None:
    read = next((r for r in dated(seen, QueueEvents) if r[1].queue == queue), None)
    if read is None or read[1].complete_since_ms is None:
        return None
    read_ms, events = read
    at = np.array(events.at_ms, dtype=np.int64)
    delta = np.array([_DELTA.get(kind, 0) for kind in events.kind], dtype=np.int64)
    lost = [t for t, kind in zip(events.at_ms, events.kind, strict=True) if kind in _UNCOUNTABLE]
    moves = delta != 0
    return Steps(
        at_ms=at[moves],
        delta=delta[moves],
        since_ms=max([read[1].complete_since_ms, *lost]),
        read_ms=read_ms,
        source=text("event stream of {queue}, walked back from the present count", queue=queue),
    )


def row_steps(seen: Seen, queue: str) -> Steps | None:
    read = next((r for r in dated(seen, JobRows) if r[1].queue == queue), None)
    counts = counted(seen, queue)
    if read is None or counts is None or not has_waiting(read[1], counts):
        return None
    read_ms, rows = read
    # A retried job's row knows its last start alone: it looks as if it had waited since it was added.
    entered = [r.added_ms for r in rows.rows if r.added_ms is not None and r.state != "delayed"]
    left = [r.started_ms for r in rows.rows if r.started_ms is not None and r.state not in (*_READY, "delayed")]
    return Steps(
        at_ms=np.array([*entered, *left], dtype=np.int64),
        delta=np.array([1] * len(entered) + [-1] * len(left), dtype=np.int64),
        since_ms=rows_since(rows, counts),
        read_ms=read_ms,
        source=text("rows of {count} jobs, walked back from the present count", count=len(rows.rows)),
    )


def has_waiting(rows: JobRows, counts: QueueCounts) -> bool:
    """Whether the rows hold the waiting jobs: without them every job seems to have come before the past began."""
    waiting = sum(row.state in _READY for row in rows.rows)
    return bool(rows.rows) and (waiting > 0 if rows.is_sample else waiting >= (counts.depth or 0) - _FEW)


def counted(seen: Seen, queue: str) -> QueueCounts | None:
    """The latest counts of `queue`."""
    return next((c for state in each(seen, QueueState) if (c := state.now(queue))), None)


def dated(seen: Seen, kind: type[R]) -> list[tuple[int, R]]:
    return [(epoch_ms(e.observed_at), e.reading) for e in seen.evidence if isinstance(e.reading, kind)]


def rows_since(rows: JobRows, counts: QueueCounts | None) -> int:
    """The instant from which no job is missing among `rows`.

    Finished jobs are deleted oldest first, and samples hold the newest of each state: whatever was
    waiting or finished after the oldest finished row we hold is among the rows.
    """
    added = [r.added_ms for r in rows.rows if r.added_ms is not None]
    if counts is not None and not rows.is_sample and _holds_all(rows, counts) and added:
        return min(added)
    oldest: dict[str, int] = {}
    for row in rows.rows:
        edge = _edge(row, is_sample=rows.is_sample)
        if edge is not None:
            oldest[row.state] = min(oldest.get(row.state, edge), edge)
    return max(oldest.values(), default=max(added, default=0))


def _edge(row: JobRow, *, is_sample: bool) -> int | None:
    if row.finished_ms is not None:
        return row.finished_ms
    return row.added_ms if is_sample and row.state in _READY else None


def _holds_all(rows: JobRows, counts: QueueCounts) -> bool:
    return counts.last_id is not None and len(rows.rows) >= counts.last_id
