"""Finished jobs in bulk, as arrays: what `--redis-commands 300` buys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diagnostics.readings import JobHistory
from diagnostics.trends.series import Instants


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
