"""Readings of a kept history: what was sampled, what is missing in it, and what was usual a week ago.

Instants are epoch milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryColumn:
    """One metric of one thing over the instants of its `HistorySamples`; `None` where it was not read."""

    metric: str
    """`queue.depth`, `queue.added`, `worker.completed` …: the names of `probes/vitals.py`."""
    label: str
    """The queue; for a replica its start in epoch milliseconds, or the instance as Prometheus calls it."""
    value: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryGap:
    """A stretch in which a metric could not be read, from its first failed sample to its last."""

    since_ms: int
    until_ms: int
    metric: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySamples:
    """Vital signs sampled over the window: parallel columns, oldest first. No store yet means no instants."""

    store: str
    """`history` (the local store of `runbook watch`) or `prometheus`."""
    every_ms: int
    """Usual distance of two instants; more than three of it is a gap."""
    at_ms: tuple[int, ...]
    columns: tuple[HistoryColumn, ...] = ()
    gaps: tuple[HistoryGap, ...] = ()
    overtaken: int = 0
    """Samples left out because a later run of the watcher claims the same time: the clock went back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryBaseline:
    """What was usual in the hour around this time one week ago. `samples` is 0 where no history reaches back."""

    queue: str
    since_ms: int
    until_ms: int
    samples: int
    depth_median: float | None = None
    depth_p95: float | None = None
    arrivals_per_min_median: float | None = None
    arrivals_per_min_p95: float | None = None
    throughput_per_min_median: float | None = None
    throughput_per_min_p95: float | None = None
