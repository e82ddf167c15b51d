"""Rates over time: what arrived, what finished, what failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from diagnostics.readings import WorkerMetrics
from diagnostics.replicas import newest
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.text import moment, text
from diagnostics.trends.kept import kept_rate
from diagnostics.trends.marks import Marks, added, ended
from diagnostics.trends.series import (
    CLOCKS_MS,
    Instants,
    Series,
    Values,
    each,
    empty,
    epoch_ms,
    framed,
    nice_step,
    window_ms,
)

_FEWEST = 10
"""Ends per bin, on average, below which a share of them says nothing."""
_YOUNGEST_MIN = 1 / 60
_WOBBLE_MS = 5000
"""A replica's start is told by its uptime, and its last total when it was asked."""
_UNTOLD = text("no source tells this for the window")
Measure = Callable[[Values, Values, float], Values]
"""Succeeded and failed counts per bin and minutes per bin, to the value of each bin."""


def arrivals(seen: Seen, scope: Scope, bins: int = 60) -> Series:
    """Jobs added per minute, from what was kept, the event stream or the job rows: what vouches for the most time."""
    best = _binned(
        added(seen, scope), scope, bins, name="arrivals", unit="jobs/min", measure=lambda good, _, m: good / m
    )
    kept = kept_rate(seen, scope, bins, name="arrivals", metrics=("queue.added",))
    return kept[0] if kept and kept[2] > best.until_ms - best.since_ms else best


def throughput(seen: Seen, scope: Scope, bins: int = 60) -> Series:
    """Jobs completed per minute."""
    best = _binned(
        ended(seen, scope, is_failed_told=False),
        scope,
        bins,
        name="throughput",
        unit="jobs/min",
        measure=lambda good, _, m: good / m,
    )
    kept = kept_rate(seen, scope, bins, name="throughput", metrics=("worker.completed",))
    if kept and kept[2] > best.until_ms - best.since_ms:
        return kept[0]
    return best if _is_vouched(best) else _totals(seen, scope, best)


def failure_ratio(seen: Seen, scope: Scope, bins: int = 60) -> Series:
    """Failed share of finished work in at most `bins` bins, 0-1; NaN in a bin in which nothing finished.

    Log lines and totals count failed attempts, the event stream and job rows jobs that failed for good.
    """
    ends = ended(seen, scope)
    most = max((len(marks.at_ms) for marks in ends), default=0)
    best = _binned(ends, scope, min(bins, max(3, most // _FEWEST)), name="failure_ratio", unit="ratio", measure=_ratio)
    kept = kept_rate(seen, scope, bins, name="failure_ratio", metrics=("worker.completed", "worker.failed"))
    if kept and kept[2] > best.until_ms - best.since_ms:
        good, bad = kept[1]
        return replace(kept[0], unit="ratio", value=_ratio(good, bad, 1.0))
    return best if _is_vouched(best) else _totals(seen, scope, best)


def _is_vouched(series: Series) -> bool:
    """Whether a source tells a span, be it that nothing happened in it."""
    return series.since_ms < series.until_ms


def _ratio(good: Values, bad: Values, _: float) -> Values:
    total = good + bad
    ratio = np.full(len(total), np.nan)
    np.divide(bad, total, out=ratio, where=total > 0)
    return ratio


def _binned(marks: list[Marks], scope: Scope, bins: int, *, name: str, unit: str, measure: Measure) -> Series:
    since, until = window_ms(scope)
    clipped = [replace(m, since_ms=max(m.since_ms, since), until_ms=min(m.until_ms, until)) for m in marks]
    best = max(clipped, key=lambda m: m.until_ms - m.since_ms, default=None)
    if best is None or best.until_ms - best.since_ms < 1000:
        return empty(scope, name=name, unit=unit, why=_UNTOLD)
    span = best.until_ms - best.since_ms
    # Equal bins over exactly the span: a bin we saw half of would look like a fall.
    parts = max(1, round(span / nice_step(span, bins)))
    edges = np.linspace(best.since_ms, best.until_ms, parts + 1).round().astype(np.int64)
    step = round(span / parts)
    counts = [_histogram(best.at_ms[best.is_failed == failed], edges) for failed in (False, True)]
    series = Series(
        name=name,
        unit=unit,
        source=best.source,
        at_ms=edges[:-1],
        value=measure(counts[0], counts[1], step / 60_000),
        since_ms=best.since_ms,
        until_ms=best.until_ms,
        step_ms=step,
        off_ms=CLOCKS_MS,
    )
    return framed(series, scope)


def _histogram(at_ms: Instants, edges: Instants) -> Values:
    # Half-open bins; what happens at the very end of the window belongs to the last one.
    where = np.searchsorted(edges, at_ms, side="right") - 1
    where = np.where(at_ms == edges[-1], len(edges) - 2, where)
    inside = (where >= 0) & (where < len(edges) - 1)
    return np.bincount(where[inside], minlength=len(edges) - 1).astype(np.float64)


def _totals(seen: Seen, scope: Scope, blank: Series) -> Series:
    """One average since the replicas started: all that their totals can tell."""
    samples = list(newest(s for metrics in each(seen, WorkerMetrics) for s in metrics.samples))
    minutes = [(epoch_ms(s.at) - epoch_ms(s.started_at)) / 60_000 for s in samples]
    if not samples or min(minutes) < _YOUNGEST_MIN:
        return blank
    done, failed = sum(s.completed for s in samples), sum(s.failed for s in samples)
    # Each replica by its own life: one that was restarted has lost what it did before.
    a_minute = sum(s.completed / m for s, m in zip(samples, minutes, strict=True))
    started, ended = min(s.started_at for s in samples), min(epoch_ms(max(s.at for s in samples)), window_ms(scope)[1])
    since = max(epoch_ms(started), window_ms(scope)[0])
    return framed(
        replace(
            blank,
            source=text("average of the worker's totals since {start} UTC", start=moment(started, scope.now)),
            at_ms=np.array([since], dtype=np.int64),
            value=np.array([a_minute if blank.unit == "jobs/min" else failed / (done + failed or np.nan)]),
            since_ms=since,
            until_ms=ended,
            step_ms=ended - since,
            off_ms=_WOBBLE_MS,
        ),
        scope,
    )
