"""The site's error ratio over time, from the rows of its request log."""

from __future__ import annotations

import numpy as np

from diagnostics.readings import VercelRequests
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.text import text
from diagnostics.trends.onset import above_since, onset
from diagnostics.trends.series import Series, empty, framed, nice_step, window_ms

FAILED_FROM = 500
"""HTTP status from which a request counts as failed: what a visitor did wrong is no fault of the site."""


_GAP_MS = 5 * 60_000
"""Failures further apart than this are not one trouble."""


def failing_since(seen: Seen, scope: Scope, bins: int = 36) -> int | None:
    """Since when more requests fail than the first limit allows, in epoch milliseconds; `None` where none do.

    Where the share is beyond it from the first request read on, the failures before tell: they are known further back.
    """
    series, limit = site_errors(seen, scope, bins), scope.thresholds.error_ratio.warning or 0.0
    began, requests = above_since(series, limit), seen.reading(VercelRequests)
    if began is None or requests is None:
        return began
    answered = tuple(zip(requests.at_ms, requests.status, strict=True))
    if onset(series, limit) is None:
        for at, status in reversed(answered):
            if requests.failures_since_ms <= at < began and status >= FAILED_FROM:
                if began - at > _GAP_MS:
                    break
                began = at
    # A bin is minutes long, and its first failure may be at its end.
    return next((at for at, status in answered if at >= began and status >= FAILED_FROM), began)


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
