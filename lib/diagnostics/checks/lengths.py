"""How long jobs usually take, from the best source that tells it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import median

from diagnostics.readings import JobRow, JobRows, WorkerLog, WorkerMetrics
from diagnostics.seen import Seen


def usual_length_s(seen: Seen) -> float | None:
    """Median processing time of the newest completed jobs, else the worker's own average (seconds)."""
    spans = sorted(span for _, span in _spans(seen.reading(JobRows)))
    if spans:
        return spans[len(spans) // 2]
    metrics = seen.reading(WorkerMetrics)
    averages = [s.average_ms for s in (metrics.samples if metrics else ()) if s.average_ms]
    return sum(averages) / len(averages) / 1000 if averages else None


def lengths_by_type_s(seen: Seen) -> Mapping[str, float]:
    """Usual seconds of each job type that was ever seen to end well.

    Medians of the newest rows, else of the worker's log lines, else averages since the replicas' start.
    """
    rows, log, metrics = seen.reading(JobRows), seen.reading(WorkerLog), seen.reading(WorkerMetrics)
    totals = [kind for sample in (metrics.samples if metrics else ()) for kind in sample.by_type]
    found = {kind.name: kind.average_ms / 1000 for kind in totals if kind.average_ms and kind.completed}
    lines = [(e.job_name, e.duration_ms / 1000) for e in (log.events if log else ()) if e.duration_ms is not None]
    found.update(_medians((name, span) for name, span in lines if name))
    found.update(_medians((row.name, span) for row, span in _spans(rows)))
    return found


def _spans(rows: JobRows | None) -> list[tuple[JobRow, float]]:
    """Completed rows, and the seconds from their last start to their end."""
    return [
        (row, (row.finished_ms - row.started_ms) / 1000)
        for row in (rows.rows if rows else ())
        if row.state == "completed"
        and row.finished_ms is not None
        and row.started_ms is not None
        and row.finished_ms >= row.started_ms
    ]


def _medians(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    grouped: defaultdict[str, list[float]] = defaultdict(list)
    for name, span in pairs:
        grouped[name].append(span)
    return {name: median(spans) for name, spans in grouped.items()}
