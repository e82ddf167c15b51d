"""The site's error ratio over time, from the rows of its request log."""

from __future__ import annotations

import numpy as np

from diagnostics.readings import VercelRequests
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.text import text
from diagnostics.trends.change import change_point
from diagnostics.trends.series import Series, empty, framed, nice_step, window_ms

FAILED_FROM = 500
"""HTTP status from which a request counts as failed: what a visitor did wrong is no fault of the site."""


RECENT_MS = 15 * 60_000
"""What counts as now: the last quarter of an hour, so that an old trouble is not held against it."""
_GAP_MS = 5 * 60_000
"""Failures further apart than this are not one trouble."""


def failing_since(seen: Seen, scope: Scope) -> tuple[int, int, int] | None:
    """Since when more requests fail than the first limit allows, in epoch milliseconds; `None` where none do of late.

    Returns: the first failed request of the trouble, and the last good and the first bad moment it lies between with
    95 %. Where the log fails from its beginning, failures that are known further back tell.
    """
    requests, (since, until) = seen.reading(VercelRequests), window_ms(scope)
    if requests is None or not requests.is_read:
        return None
    whole = max(since, requests.since_ms)
    rows = [(at, status >= FAILED_FROM) for at, status in zip(requests.at_ms, requests.status, strict=True)]
    judged = [row for row in rows if whole <= row[0] <= until]
    limit = scope.thresholds.error_ratio.warning or 0.0
    if not any(is_failed and at > until - RECENT_MS for at, is_failed in judged):
        return None
    found = change_point(np.array([is_failed for _, is_failed in judged], dtype=bool), limit)
    if found is None:
        return None
    first, _, late = (judged[n][0] for n in found)
    if found[1] > 0:
        return first, judged[found[1] - 1][0], late
    since = max(since, requests.failures_since_ms or whole)
    before = [at for at, is_failed in rows if is_failed and since <= at < first]
    began = _unbroken(first, before)
    # Where nobody asked for long, nothing failed: no trouble is older than the silence before it.
    earliest = since if began - since <= _GAP_MS else judged[0][0] if began == first else began - _GAP_MS
    return began, min(began, earliest), late if began == first else began


def _unbroken(first: int, before: list[int]) -> int:
    """How far back the failures before the first one reach without a gap."""
    for at in reversed(before):
        if first - at > _GAP_MS:
            break
        first = at
    return first


def site_errors(seen: Seen, scope: Scope, bins: int = 36) -> Series:
    """Share of requests answered 500-599, 0-1, in at most `bins` bins; NaN in a bin without a request."""
    requests = seen.reading(VercelRequests)
    since, until = window_ms(scope)
    why = text("Vercel's request log could not be read")
    if requests is None or not requests.is_read:
        return empty(scope, name="site_errors", unit="ratio", why=why)
    since, until = max(since, requests.since_ms), min(until, requests.until_ms)
    if since >= until:
        return empty(scope, name="site_errors", unit="ratio", why=text("the request log holds nothing of the window"))
    step = nice_step(until - since, bins)
    at = np.arange(since, until, step, dtype=np.int64)
    edges = np.append(at, at[-1] + step)
    instants = np.array(requests.at_ms, dtype=np.int64)
    is_failed = np.array([s >= FAILED_FROM for s in requests.status], dtype=bool)
    total, _ = np.histogram(instants, edges)
    failed, _ = np.histogram(instants[is_failed] if len(instants) else instants, edges)
    value = np.divide(failed, total, out=np.full(len(at), np.nan), where=total > 0)
    series = Series(
        name="site_errors",
        unit="ratio",
        source=text("Vercel's request log, {count} requests", count=int(total.sum())),
        at_ms=at,
        value=value,
        since_ms=since,
        until_ms=until,
        step_ms=step,
    )
    return framed(series, scope)
