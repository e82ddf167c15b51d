"""The types of jobs: how often each comes, how long it holds a slot, and which one fills the slots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from diagnostics.readings import JobRows, Symptom, WorkerLog, WorkerMetrics
from diagnostics.replicas import newest
from diagnostics.seen import Seen
from diagnostics.text import Text, text
from diagnostics.trends.series import each

_FEWEST = 20
"""Ended attempts below which a source is passed over for the next."""
_RECENT_MS = 5 * 60 * 1000
_SLOW_FROM = 8
"""Jobs of one type needed before and after to say that it has become slower."""
LIMITED = (Symptom.OPENROUTER_RATE_LIMITED,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One ended attempt."""

    name: str
    at_ms: int
    length_s: float
    symptom: Symptom | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobType:
    """One type of job among the attempts that ended of late."""

    name: str
    count: int
    share: float
    """Of all attempts, 0-1."""
    mean_s: float
    p95_s: float | None
    slot_share: float
    """Of all seconds in which slots were held, 0-1."""
    failed: int
    limited: int
    """Attempts that failed because the external service limits the rate."""


def job_types(seen: Seen) -> tuple[tuple[JobType, ...], Text]:
    """The types, the one that holds most slot time first, and where that was seen. Empty where nothing tells."""
    ended, how = _ended(seen)
    if not ended:
        return _from_totals(seen)
    by_name: dict[str, list[Ended]] = defaultdict(list)
    for attempt in ended:
        by_name[attempt.name].append(attempt)
    seconds = sum(a.length_s for a in ended) or 1.0
    found = [_type(name, group, total=len(ended), seconds=seconds) for name, group in by_name.items()]
    return tuple(sorted(found, key=lambda t: (-t.slot_share, t.name))), how


def lengths_s(seen: Seen) -> tuple[list[float], Text]:
    """Seconds each attempt that ended of late held its slot, and where that was seen."""
    ended, how = _ended(seen)
    return [a.length_s for a in ended], how


def slowdown(seen: Seen) -> float | None:
    """How many times as long jobs take in the last five minutes as before, type by type; `None` when untold."""
    ended = [a for log in each(seen, WorkerLog) for a in _from_log(log) if a.symptom is None]
    until = max((a.at_ms for a in ended), default=0)
    ratios, weights = [], []
    for name in {a.name for a in ended}:
        new = [a.length_s for a in ended if a.name == name and a.at_ms >= until - _RECENT_MS]
        old = [a.length_s for a in ended if a.name == name and a.at_ms < until - _RECENT_MS]
        if min(len(new), len(old)) >= _SLOW_FROM and np.median(old) > 0:
            ratios.append(float(np.median(new) / np.median(old)))
            weights.append(len(new))
    return float(np.average(ratios, weights=weights)) if ratios else None


def _type(name: str, group: list[Ended], *, total: int, seconds: float) -> JobType:
    lengths = [a.length_s for a in group]
    return JobType(
        name=name,
        count=len(group),
        share=len(group) / total,
        mean_s=float(np.mean(lengths)),
        p95_s=float(np.percentile(lengths, 95)) if len(group) >= _FEWEST else None,
        slot_share=sum(lengths) / seconds,
        failed=sum(a.symptom is not None for a in group),
        limited=sum(a.symptom in LIMITED for a in group),
    )


def _ended(seen: Seen) -> tuple[list[Ended], Text]:
    """Attempts that ended of late, from the log, or from job rows where the log tells of too few."""
    best: tuple[list[Ended], Text] = ([], text("no job tells its length"))
    for log in each(seen, WorkerLog):
        ended = [a for a in _from_log(log) if a.at_ms >= log.until_ms - _RECENT_MS]
        best = (ended, text("{count} log lines of the last five minutes", count=len(ended)))
    for rows in each(seen, JobRows):
        ended = list(_from_rows(rows))
        if len(best[0]) < _FEWEST and len(ended) > len(best[0]):
            best = (ended, text("rows of {count} completed jobs", count=len(ended)))
    return best


def _from_log(log: WorkerLog) -> Iterable[Ended]:
    for e in log.events:
        if e.event in ("job.complete", "job.failed") and e.duration_ms is not None and e.duration_ms >= 0:
            symptom = (e.symptom or Symptom.OTHER) if e.event == "job.failed" else None
            yield Ended(name=e.job_name or "?", at_ms=e.at_ms, length_s=e.duration_ms / 1000, symptom=symptom)


def _from_rows(rows: JobRows) -> Iterable[Ended]:
    """Completed jobs alone: the failed ones that are kept may be hours old."""
    for r in rows.rows:
        if r.state == "completed" and r.finished_ms and r.started_ms and r.finished_ms >= r.started_ms:
            span_s = (r.finished_ms - r.started_ms) / 1000
            yield Ended(name=r.name, at_ms=r.finished_ms, length_s=span_s, symptom=None)


def _from_totals(seen: Seen) -> tuple[tuple[JobType, ...], Text]:
    """Totals of each replica since its start: completed jobs and their mean."""
    latest = newest(s for m in each(seen, WorkerMetrics) for s in m.samples)
    count: dict[str, int] = defaultdict(int)
    failed: dict[str, int] = defaultdict(int)
    seconds: dict[str, float] = defaultdict(float)
    for kind in (k for s in latest for k in s.by_type if k.average_ms is not None and k.completed):
        count[kind.name] += kind.completed
        failed[kind.name] += kind.failed
        seconds[kind.name] += kind.completed * (kind.average_ms or 0) / 1000
    total, all_s = sum(count.values()), sum(seconds.values()) or 1.0
    found = [
        JobType(
            name=name,
            count=n,
            share=n / total,
            mean_s=seconds[name] / n,
            p95_s=None,
            slot_share=seconds[name] / all_s,
            failed=failed[name],
            limited=0,
        )
        for name, n in count.items()
    ]
    return tuple(sorted(found, key=lambda t: (-t.slot_share, t.name))), text("the worker's totals since its start")
