"""Errors over time, as Sentry counts them."""

from __future__ import annotations

import numpy as np

from diagnostics.readings import SentrySeries, VercelRequests, WorkerLog
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.text import text
from diagnostics.trends.series import Series, empty, framed
from diagnostics.trends.site import FAILED_FROM


def sentry_errors(seen: Seen, scope: Scope) -> Series:
    """Errors per minute in Sentry's own bins; outside of what Sentry answered the value is NaN.

    The bin that had not ended is there when it has errors: at least as many came.
    """
    told = seen.reading(SentrySeries)
    counts = (*told.events, told.running) if told and told.running else told.events if told else ()
    if told is None or not counts:
        return empty(scope, name="sentry_errors", unit="events/min", why=text("Sentry's series could not be read"))
    value = np.array(counts, dtype=np.float64) * 60_000 / told.step_ms
    value[list(told.gaps)] = np.nan
    at = told.start_ms + told.step_ms * np.arange(len(counts), dtype=np.int64)
    series = Series(
        name="sentry_errors",
        unit="events/min",
        source=text("Sentry, {count} errors", count=sum(counts)),
        at_ms=at,
        value=value,
        since_ms=told.start_ms,
        until_ms=int(at[-1]) + told.step_ms,
        step_ms=told.step_ms,
    )
    return framed(series, scope)


def worker_errors_ms(seen: Seen) -> list[int] | None:
    """Instants (epoch ms) of the worker's error lines; `None` without its log."""
    log = seen.reading(WorkerLog)
    return [event.at_ms for event in log.events if event.level == "error"] if log else None


def site_failures(seen: Seen) -> list[tuple[int, int]] | None:
    """Instants (epoch ms) and statuses of requests answered 500-599; `None` where Vercel's log could not be read."""
    rows = seen.reading(VercelRequests)
    if rows is None or not rows.is_read:
        return None
    return [(at, status) for at, status in zip(rows.at_ms, rows.status, strict=True) if status >= FAILED_FROM]


def site_failures_ms(seen: Seen) -> list[int] | None:
    """The instants alone."""
    failures = site_failures(seen)
    return None if failures is None else [at for at, _ in failures]
