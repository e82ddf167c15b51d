"""Finished jobs in bulk, as arrays: what `--redis-commands 300` buys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diagnostics.readings import JobHistory, QueueCounts
from diagnostics.trends.series import Instants

LEAST_RETENTION = 50
"""Fewer finished jobs than this of one kind have never been thinned out. Source: the smallest `removeOnFail` of
the platform; it keeps 100 as a rule, and ages of a day and more."""

_FEW = 5
"""Jobs that may end between the count and the reading."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finished:
    """Parallel arrays, newest first; instants in epoch ms, -1 where one is not on record."""

    added_ms: Instants
    started_ms: Instants
    finished_ms: Instants
    has_failed: NDArray[np.bool_]


def finished(history: JobHistory) -> Finished:
    """The jobs that `history` tells of."""
    steps = np.array(history.step_ms, dtype=np.int64)
    wait, run = (np.array(column, dtype=np.int64) for column in (history.wait_ms, history.run_ms))
    ended = history.newest_ms - np.concatenate(([0], np.cumsum(steps)))[: len(steps)]
    started = np.where(run < 0, -1, ended - run)
    return Finished(
        added_ms=np.where((run < 0) | (wait < 0), -1, started - wait),
        started_ms=started,
        finished_ms=ended,
        has_failed=np.array(history.has_failed, dtype=np.bool_),
    )


def whole_since_ms(history: JobHistory, jobs: Finished, counts: QueueCounts | None) -> tuple[int, int]:
    """The instants from which no completed and no failed job is missing, deleted ones included.

    Retention deletes the oldest: where the whole set was read, all are here that ended after its oldest.
    """
    sizes = (counts.completed, counts.failed) if counts else (None, None)
    completed, failed = (
        _whole_since_ms(history.since_ms, jobs.finished_ms[jobs.has_failed == kind], size)
        for kind, size in zip((False, True), sizes, strict=True)
    )
    return completed, failed


def _whole_since_ms(since_ms: int, ends: Instants, size: int | None) -> int:
    is_part = size is not None and len(ends) < size - _FEW
    if len(ends) < LEAST_RETENTION or is_part:
        # Never thinned out, or older ones are still there and were left out for the window alone.
        return since_ms
    return max(since_ms, int(ends.min()))
