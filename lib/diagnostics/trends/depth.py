"""The past depth of a queue, walked back from its present count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from diagnostics.readings import JobRows, QueueState
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.text import Text, text
from diagnostics.trends.kept import kept_depth
from diagnostics.trends.series import (
    CLOCKS_MS,
    Instants,
    Series,
    Values,
    empty,
    epoch_ms,
    framed,
    nice_step,
    window_ms,
)
from diagnostics.trends.steps import Steps, counted, dated, event_steps, row_steps
from diagnostics.trends.waited import waited

_POINTS = 240
_LIVE_MS = 60_000
_COUNTING_MS = 2500
"""Steps this close to the moment of counting may fall on either side of it."""


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

    Source: QueueState for the present; for the past what was kept (HistorySamples), QueueEvents, JobRows
    or their JobHistory, whichever vouches for the most time.
    """
    counts, window = _counts(seen, queue), window_ms(scope)
    walked = _walked(seen, queue, counts=counts, window=window)
    bulk = _by_who_waited(seen, queue, window)
    long = bulk if bulk and (walked is None or bulk.since_ms < walked.since_ms) else walked
    kept = kept_depth(seen, scope, queue)
    if kept and kept[1] > (_told_ms(long, walked) if long else 0):
        return framed(_with_present(kept[0], counts, window), scope)
    if long is not None and long is not walked:
        return framed(_with_present(continued(long, walked) if walked else long, counts, window), scope)
    if long is not None:
        return framed(long, scope)
    if not counts:
        why = text("the present depth of {queue} is not known", queue=queue)
        return empty(scope, name="depth", unit="jobs", why=why)
    return framed(_present_only(queue, counts[-1], scope), scope)


def _walked(seen: Seen, queue: str, *, counts: Sequence[Count], window: tuple[int, int]) -> Series | None:
    ways = [way for way in (event_steps(seen, queue), row_steps(seen, queue)) if way] if counts else []
    best = min(ways, key=lambda way: max(way.since_ms, window[0]), default=None)
    return walk(best, counts=counts, window=window) if best and best.since_ms < window[1] else None


def _by_who_waited(seen: Seen, queue: str, window: tuple[int, int]) -> Series | None:
    state = seen.reading(QueueState)
    for item in seen.evidence:
        rows = item.reading
        if isinstance(rows, JobRows) and rows.queue == queue and state is not None:
            read_ms = epoch_ms(item.observed_at) - round(1000 * item.cost.elapsed_s)
            found = waited(rows, state, read_ms=read_ms)
            since, until = (max(found.since_ms, window[0]), min(found.until_ms, window[1])) if found else (0, 0)
            if found and since < until:
                return found.series(_grid(since, until))
    return None


def _told_ms(long: Series, walked: Series | None) -> int:
    """How much time both together vouch for."""
    if walked is None or walked is long:
        return long.until_ms - long.since_ms
    return long.until_ms - long.since_ms + max(0, walked.until_ms - max(walked.since_ms, long.until_ms))


def continued(old: Series, new: Series) -> Series:
    """`old` up to where `new` begins, then `new`; what neither tells between them is unknown."""
    is_before = old.at_ms < new.since_ms
    hole = [old.until_ms + 1] if old.until_ms + CLOCKS_MS < new.since_ms else []
    return replace(
        new,
        source=text("{old}; then {new}", old=old.source, new=new.source),
        at_ms=np.array([*old.at_ms[is_before], *hole, *new.at_ms], dtype=np.int64),
        value=np.array([*old.value[is_before], *(np.nan for _ in hole), *new.value], dtype=np.float64),
        since_ms=old.since_ms,
        off_by=max(old.off_by, new.off_by),
        off_ms=max(old.off_ms, new.off_ms),
    )


def _with_present(told: Series, counts: Sequence[Count], window: tuple[int, int]) -> Series:
    """What was told, and then the counts of this run: the end of the curve is exact."""
    younger = [c for c in counts if told.until_ms < c.at_ms <= window[1] + _LIVE_MS]
    if not younger:
        return told
    hole = [told.until_ms + 1] if younger[0].at_ms - told.until_ms > _LIVE_MS else []
    return replace(
        told,
        at_ms=np.array([*told.at_ms, *hole, *(c.at_ms for c in younger)], dtype=np.int64),
        value=np.array([*told.value, *(np.nan for _ in hole), *(float(c.jobs) for c in younger)], dtype=np.float64),
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
    off_by = _moved(at, after, start.at_ms)
    return replace(_series(steps.source, at_ms=grid, value=level, since_ms=since), off_by=off_by, off_ms=CLOCKS_MS)


def _moved(at: Instants, after: Instants, counted_ms: int) -> float:
    """How far the depth moved around the moment of counting: so much the walk may have begun too high or low."""
    first, last = np.searchsorted(at, (counted_ms - _COUNTING_MS, counted_ms + _COUNTING_MS))
    near = after[first : last + 1]
    return float(near.max() - near.min())


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


def _counts(seen: Seen, queue: str) -> list[Count]:
    """The depth at every instant it was counted, oldest first."""
    return [
        Count(at_ms=at_ms, jobs=counts.depth)
        for read_ms, state in dated(seen, QueueState)
        for at_ms, side in ((read_ms - round(state.gap_s * 1000), state.first), (read_ms, state.second))
        for counts in side
        if counts.name == queue and counts.depth is not None
    ]


def _present_only(queue: str, count: Count, scope: Scope) -> Series:
    at = max(count.at_ms, window_ms(scope)[0])
    source = text("one count of {queue}; no source tells its past", queue=queue)
    return _series(source, at_ms=np.array([at], dtype=np.int64), value=np.array([float(count.jobs)]), since_ms=at)
