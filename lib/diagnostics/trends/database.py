"""How jobs failed over time, told apart by whether the database was the reason."""

from __future__ import annotations

import numpy as np

from diagnostics.readings import LogEvent, WorkerLog
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.text import text
from diagnostics.trends.series import Series, empty, framed, nice_step, window_ms

_UNTOLD = text("the worker's log was not seen, and nothing else keeps the reasons of failures")


def failures_by_cause(seen: Seen, scope: Scope, bins: int = 36) -> tuple[Series, Series]:
    """Failed attempts per minute, with a database error and with any other, in at most `bins` equal bins.

    Both vouch for the span that the worker's log covers; outside it they are NaN, never zero.
    """
    log, (since, until) = seen.reading(WorkerLog), window_ms(scope)
    names = ("database_failures", "other_failures")
    if log is None or log.since_ms is None:
        first, second = (empty(scope, name=name, unit="jobs/min", why=_UNTOLD) for name in names)
        return first, second
    start, end = max(since, log.since_ms), min(until, log.until_ms)
    if end - start < 1000:
        first, second = (empty(scope, name=name, unit="jobs/min", why=_UNTOLD) for name in names)
        return first, second
    parts = max(1, round((end - start) / nice_step(end - start, bins)))
    edges = np.linspace(start, end, parts + 1).round().astype(np.int64)
    failed = [e for e in log.events if e.event == "job.failed" and start <= e.at_ms <= end]
    step = round((end - start) / parts)

    def counted(name: str, of_database: bool) -> Series:
        at = [e.at_ms for e in failed if _blames(e) is of_database]
        counts = np.histogram(np.array(at, dtype=np.int64), bins=edges)[0]
        told = Series(
            name=name,
            unit="jobs/min",
            source=text("worker log lines"),
            at_ms=edges[:-1],
            value=counts / (step / 60_000),
            since_ms=start,
            until_ms=end,
            step_ms=step,
        )
        return framed(told, scope)

    return counted(names[0], True), counted(names[1], False)


def _blames(event: LogEvent) -> bool:
    return event.symptom is not None and event.symptom.value.startswith("database")
