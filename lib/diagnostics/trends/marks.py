"""What happened when, job by job: added or ended, by every source that tells it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diagnostics.model import Evidence
from diagnostics.readings import JobRows, QueueEvents, QueueState, WorkerLog
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.text import Text, text
from diagnostics.trends.depth import main_queue
from diagnostics.trends.finished import finished, whole_since_ms
from diagnostics.trends.series import Instants, each, epoch_ms
from diagnostics.trends.steps import counted, has_waiting, rows_since
from diagnostics.trends.waited import waited


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Marks:
    """Counted instants, none missing within `[since_ms, until_ms]`; `is_failed` runs parallel to `at_ms`."""

    at_ms: Instants
    is_failed: NDArray[np.bool_]
    since_ms: int
    until_ms: int
    source: Text


def added(seen: Seen, scope: Scope) -> list[Marks]:
    """Every source that tells when jobs were added."""
    return [*_event_marks(seen, scope, ("added",)), *_added_rows(seen, scope), *_added_in_bulk(seen, scope)]


def ended(seen: Seen, scope: Scope, *, is_failed_told: bool = True) -> list[Marks]:
    """Ended work; without `is_failed_told` only completed jobs need be whole."""
    return [
        *_log_marks(seen),
        *_event_marks(seen, scope, ("completed", "failed")),
        *_finished_in_bulk(seen, scope, is_failed_told=is_failed_told),
        *_finished_rows(seen, scope),
    ]


def _log_marks(seen: Seen) -> list[Marks]:
    return [
        _marks(
            [(e.at_ms, e.event == "job.failed") for e in log.events if e.event in ("job.complete", "job.failed")],
            span=(log.since_ms, log.until_ms),
            source=text("worker log lines"),
        )
        for log in each(seen, WorkerLog)
        if log.since_ms is not None
    ]


def _event_marks(seen: Seen, scope: Scope, kinds: tuple[str, ...]) -> list[Marks]:
    queue = main_queue(seen, scope)
    return [
        _marks(
            [(at, kind == "failed") for at, kind in zip(e.at_ms, e.kind, strict=True) if kind in kinds],
            span=(e.complete_since_ms, epoch_ms(item.observed_at)),
            source=text("event stream of {queue}", queue=queue),
        )
        for item in seen.evidence
        if isinstance(e := item.reading, QueueEvents) and e.queue == queue and e.complete_since_ms is not None
    ]


def _rows(seen: Seen, scope: Scope) -> Iterator[tuple[JobRows, Evidence]]:
    queue = main_queue(seen, scope)
    for item in seen.evidence:
        rows = item.reading
        if isinstance(rows, JobRows) and rows.queue == queue and rows.rows:
            yield rows, item


def _begun_ms(item: Evidence) -> int:
    """When the reading of this evidence began: what happened while rows were read may be among them or not."""
    return epoch_ms(item.observed_at) - round(1000 * item.cost.elapsed_s)


def _added_rows(seen: Seen, scope: Scope) -> list[Marks]:
    """Arrivals by rows that hold the waiting jobs: others know of no arrival that nobody has taken yet."""
    counts = counted(seen, main_queue(seen, scope))
    return [
        _marks(
            [(row.added_ms, False) for row in rows.rows if row.added_ms is not None],
            span=(rows_since(rows, counts), epoch_ms(item.observed_at)),
            source=text("rows of {count} jobs", count=len(rows.rows)),
        )
        for rows, item in _rows(seen, scope)
        if counts is not None and has_waiting(rows, counts)
    ]


def _added_in_bulk(seen: Seen, scope: Scope) -> list[Marks]:
    """Arrivals by jobs that have been taken since: all of them, up to the youngest that was."""
    state = seen.reading(QueueState)
    return [
        Marks(
            at_ms=found.added_ms,
            is_failed=np.zeros(len(found.added_ms), dtype=np.bool_),
            since_ms=found.since_ms,
            until_ms=found.until_ms,
            source=text("rows of {count} jobs", count=len(found.added_ms)),
        )
        for rows, item in _rows(seen, scope)
        if state is not None and (found := waited(rows, state, read_ms=_begun_ms(item)))
    ]


def _finished_rows(seen: Seen, scope: Scope) -> list[Marks]:
    counts = counted(seen, main_queue(seen, scope))
    return [
        _marks(
            [(row.finished_ms, row.state == "failed") for row in rows.rows if row.finished_ms is not None],
            span=(rows_since(rows, counts), epoch_ms(item.observed_at)),
            source=text("rows of {count} jobs", count=len(rows.rows)),
        )
        for rows, item in _rows(seen, scope)
    ]


def _finished_in_bulk(seen: Seen, scope: Scope, *, is_failed_told: bool) -> list[Marks]:
    counts = counted(seen, main_queue(seen, scope))
    found = []
    for rows, item in _rows(seen, scope):
        if rows.history is not None:
            jobs = finished(rows.history)
            completed_ms, failed_ms = whole_since_ms(rows.history, jobs, counts)
            marks = Marks(
                at_ms=jobs.finished_ms,
                is_failed=jobs.has_failed,
                since_ms=max(completed_ms, failed_ms) if is_failed_told else completed_ms,
                until_ms=_begun_ms(item),
                source=text("rows of {count} jobs", count=len(jobs.finished_ms)),
            )
            found.append(marks)
    return found


def _marks(pairs: list[tuple[int, bool]], *, span: tuple[int, int], source: Text) -> Marks:
    return Marks(
        at_ms=np.array([at for at, _ in pairs], dtype=np.int64),
        is_failed=np.array([failed for _, failed in pairs], dtype=np.bool_),
        since_ms=span[0],
        until_ms=span[1],
        source=source,
    )
