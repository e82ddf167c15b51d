"""How long jobs wait and how long they take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from diagnostics.readings import JobRow, JobRows, WorkerLog
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.text import Text, text
from diagnostics.trends.depth import main_queue
from diagnostics.trends.finished import Finished, finished
from diagnostics.trends.series import Instants, each, window_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """50th, 95th and 99th percentile (seconds) over `count` jobs."""

    name: str
    count: int
    p50_s: float
    p95_s: float
    p99_s: float
    source: Text


def wait_percentiles(seen: Seen, scope: Scope) -> Percentiles | None:
    """Seconds from added to started, of jobs started in the window; `None` when no job tells."""
    spans = [(r.started_ms, r.started_ms - r.added_ms) for r in _rows(seen, scope) if r.started_ms and r.added_ms]
    if bulk := _bulk(seen, scope):
        known = bulk.added_ms >= 0
        spans = _pairs(bulk.started_ms[known], bulk.added_ms[known])
    return _percentiles("wait", spans, scope, source=text("job rows"))


def processing_percentiles(seen: Seen, scope: Scope) -> Percentiles | None:
    """Seconds from started to finished, of jobs finished in the window; from log lines where no row tells."""
    spans = [
        (r.finished_ms, r.finished_ms - r.started_ms) for r in _rows(seen, scope) if r.finished_ms and r.started_ms
    ]
    if bulk := _bulk(seen, scope):
        known = bulk.started_ms >= 0
        spans = _pairs(bulk.finished_ms[known], bulk.started_ms[known])
    if spans:
        return _percentiles("processing", spans, scope, source=text("job rows"))
    lines = [e for log in each(seen, WorkerLog) for e in log.events if e.event == "job.complete"]
    told = [(e.at_ms, e.duration_ms) for e in lines if e.duration_ms is not None]
    return _percentiles("processing", told, scope, source=text("worker log lines"))


def _rows(seen: Seen, scope: Scope) -> list[JobRow]:
    queue = main_queue(seen, scope)
    return [row for rows in each(seen, JobRows) if rows.queue == queue for row in rows.rows]


def _bulk(seen: Seen, scope: Scope) -> Finished | None:
    queue = main_queue(seen, scope)
    found = (rows.history for rows in each(seen, JobRows) if rows.queue == queue and rows.history)
    return next((finished(history) for history in found), None)


def _pairs(end: Instants, begin: Instants) -> list[tuple[int, int]]:
    return list(zip(end.tolist(), (end - begin).tolist(), strict=True))


def _percentiles(name: str, spans: Iterable[tuple[int, float]], scope: Scope, *, source: Text) -> Percentiles | None:
    since, until = window_ms(scope)
    # Clocks differ between producer and worker: a span below zero is a skew, not a wait.
    kept = [span / 1000 for at, span in spans if since <= at <= until and span >= 0]
    if not kept:
        return None
    p50, p95, p99 = (float(p) for p in np.percentile(kept, (50, 95, 99)))
    return Percentiles(name=name, count=len(kept), p50_s=p50, p95_s=p95, p99_s=p99, source=source)
