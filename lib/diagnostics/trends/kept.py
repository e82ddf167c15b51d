"""Series from the samples that were kept: `runbook watch`'s store, or Prometheus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diagnostics.samples import HistoryColumn, HistorySamples
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.text import Text, text
from diagnostics.trends.series import Instants, Series, Values, each, framed, nice_step, window_ms

GAP = 3
"""More than so many intervals without a sample is a gap: unknown, not flat."""

SAMPLED_MS = 1500
"""A sample bears the instant at which its reads began; the last of them came so much later at most."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """One column's known points, strictly increasing in time."""

    at_ms: Instants
    value: Values


def source(samples: HistorySamples) -> Text:
    """Where a series comes from, as its chart says it."""
    every = samples.every_ms / 1000
    if samples.store == "prometheus":
        return text("Prometheus, one value every {s:g} s", s=every)
    return text("history kept by runbook watch, one sample every {s:g} s", s=every)


def vouched_ms(samples: HistorySamples, at_ms: Instants) -> int:
    """How much time the known instants vouch for: the sum of their distances that are no gap."""
    steps = np.diff(at_ms)
    return int(steps[steps <= GAP * samples.every_ms].sum())


def kept_depth(seen: Seen, scope: Scope, queue: str) -> tuple[Series, int] | None:
    """The kept depth of `queue` that vouches for the most time (ms), NaN at gaps; `None` where none is kept."""
    since, until = window_ms(scope)
    found = []
    for samples in each(seen, HistorySamples):
        for column in samples.columns:
            if (column.metric, column.label) != ("queue.depth", queue):
                continue
            curve = _curve(samples, column, since=since, until=until)
            if len(curve.at_ms) > 1:
                found.append((_gapped(samples, column, curve), vouched_ms(samples, curve.at_ms)))
    return max(found, key=lambda item: item[1], default=None)


def kept_rate(
    seen: Seen, scope: Scope, bins: int, *, name: str, metrics: tuple[str, ...]
) -> tuple[Series, list[Values], int] | None:
    """Growth of the counters `metrics` in bins of equal length, summed over replicas and the profile's queues.

    Returns: a series whose values are the first metric's growth per minute, the growth of each metric,
    and the time vouched for (ms). Bins that touch a gap are NaN. Source: HistorySamples.
    """
    found = []
    for samples in each(seen, HistorySamples):
        made = _rate(samples, scope, bins, name=name, metrics=metrics)
        if made:
            found.append(made)
    return max(found, key=lambda item: item[2], default=None)


def _rate(
    samples: HistorySamples, scope: Scope, bins: int, *, name: str, metrics: tuple[str, ...]
) -> tuple[Series, list[Values], int] | None:
    window = window_ms(scope)
    groups = [_curves(samples, metric, window) for metric in metrics]
    known = _instants(groups)
    if len(known) < 2:
        return None
    first, last = int(known[0]), int(known[-1])
    # Finer than the samples would be invented: growth between two samples has no shape.
    parts = max(1, min(round((last - first) / nice_step(last - first, bins)), (last - first) // (2 * samples.every_ms)))
    edges = np.linspace(first, last, parts + 1).round().astype(np.int64)
    spans = [known, *(curve.at_ms for curves in groups for curve in curves)]
    blind = _touches_gap(samples, spans, edges)
    growths = [np.where(blind, np.nan, _growth(curves, edges, known)) for curves in groups]
    step = round((last - first) / parts)
    series = Series(
        name=name,
        unit="jobs/min",
        source=source(samples),
        at_ms=edges[:-1],
        value=growths[0] / (step / 60_000),
        since_ms=first,
        until_ms=last,
        step_ms=step,
        # A replica that one sample did not meet is told by those around it.
        off_ms=max(samples.every_ms, *(_longest_ms(samples, at_ms) for at_ms in spans)),
    )
    return framed(series, scope), [_framed_like(g, series, scope) for g in growths], vouched_ms(samples, known)


def _framed_like(values: Values, series: Series, scope: Scope) -> Values:
    since, until = window_ms(scope)
    before, after = [np.nan] * (since < series.since_ms), [np.nan] * (series.until_ms < until)
    return np.array([*before, *values, *after], dtype=np.float64)


def _curves(samples: HistorySamples, metric: str, window: tuple[int, int]) -> list[Curve]:
    since, until = window
    columns = [c for c in samples.columns if c.metric == metric]
    return [curve for c in columns if len((curve := _curve(samples, c, since=since, until=until)).at_ms)]


def _instants(groups: Sequence[Sequence[Curve]]) -> Instants:
    """Every instant at which at least one column of the first metric is known."""
    every = [curve.at_ms for curve in groups[0]]
    return np.unique(np.concatenate(every)) if every else np.array([], dtype=np.int64)


def _growth(curves: Sequence[Curve], edges: Instants, known: Instants) -> Values:
    total = np.zeros(len(edges) - 1, dtype=np.float64)
    for curve in curves:
        steps = np.diff(curve.value)
        # A counter that fell began anew at zero: what it shows has grown since.
        steps = np.where(steps < 0, curve.value[1:], steps)
        climbed = np.concatenate(([0.0], np.cumsum(steps)))
        total += np.diff(np.interp(edges, curve.at_ms, climbed))
    return total


def _touches_gap(samples: HistorySamples, spans: Sequence[Instants], edges: Instants) -> NDArray[np.bool_]:
    blind = np.zeros(len(edges) - 1, dtype=np.bool_)
    for at_ms in spans:
        for i in np.flatnonzero(np.diff(at_ms) > GAP * samples.every_ms):
            blind |= (edges[:-1] < at_ms[i + 1]) & (edges[1:] > at_ms[i])
    return blind


def _longest_ms(samples: HistorySamples, at_ms: Instants) -> int:
    """The longest distance between two known instants that is no gap."""
    steps = np.diff(at_ms)
    return int(steps[steps <= GAP * samples.every_ms].max(initial=0))


def _curve(samples: HistorySamples, column: HistoryColumn, *, since: int, until: int) -> Curve:
    """Known points inside the window, in the order of time whatever the order they came in."""
    pairs = {
        at: value
        for at, value in zip(samples.at_ms, column.value, strict=True)
        if value is not None and since <= at <= until
    }
    born = _birth(samples, column, min(pairs, default=0))
    if born is not None and since <= born:
        pairs[born] = 0.0
    at = np.array(sorted(pairs), dtype=np.int64)
    return Curve(at_ms=at, value=np.array([pairs[a] for a in at.tolist()], dtype=np.float64))


def _birth(samples: HistorySamples, column: HistoryColumn, first_ms: int) -> int | None:
    """When a replica started that was born between two samples: all it has counted, it counted since."""
    if not column.metric.startswith("worker.") or not column.label.isdecimal():
        return None
    born = int(column.label)
    is_new = min(samples.at_ms, default=0) < born < first_ms <= born + GAP * samples.every_ms
    return born if is_new else None


def _gapped(samples: HistorySamples, column: HistoryColumn, curve: Curve) -> Series:
    """Known points, a NaN at each failed sample between them and one inside each gap."""
    first, last = int(curve.at_ms[0]), int(curve.at_ms[-1])
    known = dict(zip(curve.at_ms.tolist(), curve.value.tolist(), strict=True))
    at = np.array(sorted(a for a in set(samples.at_ms) if first <= a <= last), dtype=np.int64)
    value = np.array([known.get(a, np.nan) for a in at.tolist()], dtype=np.float64)
    gaps = np.flatnonzero(np.diff(at) > GAP * samples.every_ms)
    return Series(
        name="depth",
        unit="jobs",
        source=source(samples),
        at_ms=np.insert(at, gaps + 1, at[gaps] + samples.every_ms),
        value=np.insert(value, gaps + 1, np.nan),
        since_ms=first,
        until_ms=last,
        # Prometheus answers with the newest scrape before each instant.
        off_ms=SAMPLED_MS if samples.store == "history" else samples.every_ms,
    )


__all__ = ["kept_depth", "kept_rate"]
