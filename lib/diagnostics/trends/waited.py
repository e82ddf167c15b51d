"""Who waited when, by the finished jobs in bulk: added and not yet started."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diagnostics.readings import JobRows, QueueCounts, QueueState
from diagnostics.text import Text, text
from diagnostics.trends.finished import Finished, finished, whole_since_ms
from diagnostics.trends.series import CLOCKS_MS, Instants, Series, Values

_FEW = 5
"""Jobs that may come or go between two reads."""
_OVERTAKEN_MS = 1500
"""A job that starts so long after younger ones did was delayed or retried meanwhile: a queue is first in, first out.
Source: the shortest backoff of the platform is 2 s."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Waited:
    """Parallel arrays of jobs (epoch ms), none missing that was added before `until_ms` and waited after `since_ms`."""

    added_ms: Instants
    started_ms: Instants
    is_overtaken: NDArray[np.bool_]
    since_ms: int
    until_ms: int
    source: Text

    def depth(self, at_ms: Instants) -> Values:
        """Jobs that had been added and not started at each instant; those that others overtook are left out."""
        return _waiting(self.added_ms[~self.is_overtaken], self.started_ms[~self.is_overtaken], at_ms)

    def overtaken(self, at_ms: Instants) -> Values:
        """Of the others so many at each instant: retried, delayed, or waiting behind priorities."""
        return _waiting(self.added_ms[self.is_overtaken], self.started_ms[self.is_overtaken], at_ms)

    def series(self, at_ms: Instants) -> Series:
        """The depth at these instants, with what it may be off by."""
        return Series(
            name="depth",
            unit="jobs",
            source=self.source,
            at_ms=at_ms,
            value=self.depth(at_ms),
            since_ms=int(at_ms[0]),
            until_ms=int(at_ms[-1]),
            off_by=_FEW + float(np.max(self.overtaken(at_ms), initial=0)),
            off_ms=CLOCKS_MS,
        )


def waited(rows: JobRows, state: QueueState, *, read_ms: int) -> Waited | None:
    """The jobs of `rows.history` and those that ran when it was read; `None` where that does not tell who waited.

    Args:
        read_ms: when the reading of the rows began. Whoever waited then is not among them.
    """
    history, now = rows.history, state.now(rows.queue)
    if history is None or now is None or now.prioritized or not _has_active(rows, now):
        return None
    jobs = finished(history)
    added, started = _known(rows, jobs)
    order = np.argsort(started, kind="stable")
    added, started = added[order], started[order]
    youngest = np.maximum.accumulate(added) if len(added) else added
    return Waited(
        added_ms=added,
        started_ms=started,
        is_overtaken=youngest - added > _OVERTAKEN_MS,
        since_ms=max(whole_since_ms(history, jobs, now)),
        until_ms=_until_ms(youngest, state, rows.queue, read_ms),
        source=text("rows of {count} jobs: added and not yet started", count=len(added)),
    )


def _has_active(rows: JobRows, counts: QueueCounts) -> bool:
    """Whether the rows hold the running jobs: they too have waited."""
    held = sum(row.state == "active" for row in rows.rows)
    return counts.active is not None and held >= counts.active - _FEW


def _known(rows: JobRows, jobs: Finished) -> tuple[Instants, Instants]:
    """When each job was added and started; one that ended while the rows were read is twice there and counts once."""
    is_known = (jobs.added_ms >= 0) & (jobs.started_ms >= 0)
    pairs = np.stack((jobs.added_ms[is_known], jobs.started_ms[is_known]), axis=1)
    newest = {(added, started) for added, started in pairs[: 4 * len(rows.rows)].tolist()}
    running = [
        pair
        for row in rows.rows
        if row.state == "active" and row.added_ms is not None and row.started_ms is not None
        if (pair := (min(row.added_ms, row.started_ms), row.started_ms)) not in newest
    ]
    pairs = np.concatenate((pairs, np.array(running, dtype=np.int64).reshape(-1, 2)))
    return pairs[:, 0], pairs[:, 1]


def _until_ms(youngest: Instants, state: QueueState, queue: str, read_ms: int) -> int:
    """Before this instant nobody who still waits was added: the youngest job that was taken came then."""
    before = state.before(queue) or state.now(queue)
    if before is not None and before.depth == 0:
        return read_ms
    return min(read_ms, int(youngest[-1]) - 1) if len(youngest) else 0


def _waiting(added: Instants, started: Instants, at_ms: Instants) -> Values:
    begun = np.searchsorted(np.sort(started), at_ms, side="right")
    return (np.searchsorted(np.sort(added), at_ms, side="right") - begun).astype(np.float64)
