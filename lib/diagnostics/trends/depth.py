"""The past depth of a queue, walked back from its present count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from diagnostics.readings import JobRow, JobRows, QueueCounts, QueueEvents, QueueState
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.text import Text, text
from diagnostics.trends.kept import kept_depth
from diagnostics.trends.series import Instants, Series, Values, each, empty, epoch_ms, framed, nice_step, window_ms

R = TypeVar("R")

_POINTS = 240
_FEW = 5
"""Jobs that may come or go between two reads without making them contradict each other."""
_LIVE_MS = 60_000
_COUNTING_MS = 2500
"""Steps this close to the moment of counting may fall on either side of it."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Jobs ready and not started at one instant."""

    at_ms: int
    jobs: int


def main_queue(seen: Seen, scope: Scope) -> str:
    """The queue to chart: the deepest of those the profile names, as the checks judge it."""
    names = scope.facts.queue_names
    known = [c for name in names if (c := counted(seen, name))]
    deepest = max(known, key=lambda c: (c.is_present, c.depth or 0), default=None)
    return deepest.name if deepest else next(iter(names), "?")


def depth(seen: Seen, scope: Scope, queue: str) -> Series:
    """Ready and not started jobs of `queue` (count), at instants.

    Source: QueueState for the present; for the past what was kept (HistorySamples), QueueEvents or JobRows,
    whichever vouches for the most time.
    """
    counts, window = _counts(seen, queue), window_ms(scope)
    ways = [way for way in (_event_steps(seen, queue), _row_steps(seen, queue)) if way] if counts else []
    best = min(ways, key=lambda way: max(way.since_ms, window[0]), default=None)
    walked_ms = window[1] - max(best.since_ms, window[0]) if best else 0
    kept = kept_depth(seen, scope, queue)
    if kept and kept[1] > walked_ms:
        return framed(_with_present(kept[0], counts, window), scope)
    if not counts:
        why = text("the present depth of {queue} is not known", queue=queue)
        return empty(scope, name="depth", unit="jobs", why=why)
    if best is None or best.since_ms >= window[1]:
        return framed(_present_only(queue, counts[-1], scope), scope)
    return framed(walk(best, counts=counts, window=window), scope)


def _with_present(kept: Series, counts: Sequence[Count], window: tuple[int, int]) -> Series:
    """What was kept, and then the counts of this run: the end of the curve is exact."""
    younger = [c for c in counts if kept.until_ms < c.at_ms <= window[1] + _LIVE_MS]
    if not younger:
        return kept
    return replace(
        kept,
        at_ms=np.array([*kept.at_ms, *(c.at_ms for c in younger)], dtype=np.int64),
        value=np.array([*kept.value, *(float(c.jobs) for c in younger)], dtype=np.float64),
        until_ms=younger[-1].at_ms,
    )


def walk(steps: Steps, *, counts: Sequence[Count], window: tuple[int, int]) -> Series:
    """Depth at a grid of instants, walked back from a count through `steps` in any order.

    Where the walk would go below zero a step is missing. Up to the number of steps that happened
    while counting it is held at zero; before anything worse the depth is unknown.
    """
    # Probes run side by side: the count taken nearest to the reading of the steps is the one they lead to.
    start = min(counts, key=lambda count: abs(count.at_ms - steps.read_ms))
    at, after, untold_ms = _levels(steps, start)
    since = max(window[0], steps.since_ms, untold_ms)
    grid = _grid(since, max(window[1], since))
    level = after[np.searchsorted(at, grid, side="right")].astype(np.float64)
    last = counts[-1]
    if 0 < last.at_ms - window[1] < _LIVE_MS:
        # A live window ends when the question was put; the newest count is a little younger.
        grid, level = np.append(grid, last.at_ms), np.append(level, last.jobs)
    return _series(steps.source, at_ms=grid, value=level, since_ms=since)


def _levels(steps: Steps, start: Count) -> tuple[Instants, Instants, int]:
    """Instants of steps, the depth before the first and after each, and the instant before which it is unknown."""
    at, where = np.unique(steps.at_ms, return_inverse=True)
    net = np.zeros(len(at), dtype=np.int64)
    np.add.at(net, where, steps.delta)
    after = start.jobs - np.append(np.cumsum(net[::-1])[::-1], 0)
    missing = np.maximum.accumulate(np.maximum(0, -after[::-1]))[::-1]
    slack = int(np.count_nonzero(np.abs(steps.at_ms - start.at_ms) <= _COUNTING_MS))
    untold = np.flatnonzero(missing > slack)
    return at, after + missing, int(at[untold[-1]]) if len(untold) else 0


def _series(source: Text, *, at_ms: Instants, value: Values, since_ms: int) -> Series:
    return Series(
        name="depth",
        unit="jobs",
        source=source,
        at_ms=at_ms,
        value=value,
        since_ms=since_ms,
        until_ms=int(at_ms[-1]),
    )


def _grid(since: int, until: int) -> Instants:
    step = nice_step(max(until - since, 1), _POINTS)
    inner = np.arange(since - since % step + step, until, step, dtype=np.int64)
    return np.unique(np.concatenate(([since], inner, [until]))).astype(np.int64)


def _event_steps(seen: Seen, queue: str) -> Steps | None:
    read = next((r for r in _read(seen, QueueEvents) if r[1].queue == queue), None)
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


def _row_steps(seen: Seen, queue: str) -> Steps | None:
    read = next((r for r in _read(seen, JobRows) if r[1].queue == queue), None)
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


def _counts(seen: Seen, queue: str) -> list[Count]:
    """The depth at every instant it was counted, oldest first."""
    return [
        Count(at_ms=at_ms, jobs=counts.depth)
        for read_ms, state in _read(seen, QueueState)
        for at_ms, side in ((read_ms - round(state.gap_s * 1000), state.first), (read_ms, state.second))
        for counts in side
        if counts.name == queue and counts.depth is not None
    ]


def _read(seen: Seen, kind: type[R]) -> list[tuple[int, R]]:
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


def _present_only(queue: str, count: Count, scope: Scope) -> Series:
    at = max(count.at_ms, window_ms(scope)[0])
    source = text("one count of {queue}; no source tells its past", queue=queue)
    return _series(source, at_ms=np.array([at], dtype=np.int64), value=np.array([float(count.jobs)]), since_ms=at)
