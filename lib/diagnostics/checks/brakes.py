"""Judgements about limits the queue sets itself: how many jobs at once, and how many in a while.

A limit is no fault. It is told as `limiting` when it, and not the worker, decides what is begun.
"""

from __future__ import annotations

from datetime import datetime

from diagnostics.checks.finding import blind, redis_cli, unread
from diagnostics.checks.subject import absent, key_of, main_queue, told
from diagnostics.model import Finding
from diagnostics.readings import QueueCounts, QueueState, WorkerHealth, WorkerMetrics
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

LONG_WAIT_S = 60.0
"""A ready job that waits longer than this because of a limit is worth a warning. Source: runbook T4."""


def check_queue_limiter(seen: Seen, scope: Scope) -> Finding:
    """Judge whether a rate limit decides when jobs are begun.

    Source: BullMQ's `limiter` key (jobs begun in the open window) against `max` in the queue's settings; a worker's own
    limit is not written anywhere, so then an open window counts while jobs wait and slots are free.
    """
    queue, item = main_queue(seen, scope), seen.of("queue.state")
    command = redis_cli(scope.facts, "PTTL", key_of(scope, "limiter"))
    if queue is None or item is None:
        return blind("queue.limiter", seen, "queue.state", command=command)
    if not queue.is_present:
        return absent("queue.limiter", seen, queue, command)
    if queue.limiter_ms is None or queue.limiter_jobs is None:
        return unread("queue.limiter", seen, "queue.state", command=command)
    is_limiting = bool(queue.depth) and queue.limiter_ms > 0 and _is_reached(queue, seen)
    return Finding(
        id="queue.limiter",
        severity=_severity(queue, item.observed_at, scope) if is_limiting else Severity.OK,
        state="limiting" if is_limiting else "open",
        sentence=_limiter_sentence(queue, is_limiting),
        value=None if queue.rate_max_jobs is None else float(queue.rate_max_jobs),
        unit="" if queue.rate_max_jobs is None else "jobs",
        evidence=seen.ids("queue.state"),
        command=command,
    )


def _is_reached(queue: QueueCounts, seen: Seen) -> bool:
    """Whether the open window is full, or jobs wait for the next one although a single replica could take more."""
    is_idle = queue.active is not None and queue.active < _slots(seen)
    if queue.rate_max_jobs is None:
        return is_idle
    is_more = (queue.depth or 0) > queue.rate_max_jobs
    return (queue.limiter_jobs or 0) >= queue.rate_max_jobs or (is_idle and is_more)


def _slots(seen: Seen) -> int:
    """Slots of one replica; none where nobody tells."""
    health, metrics = seen.reading(WorkerHealth), seen.reading(WorkerMetrics)
    told = [sample.concurrency for sample in metrics.samples] if metrics else []
    return max([*told, (health.concurrency if health else None) or 0])


def _limiter_sentence(queue: QueueCounts, is_limiting: bool) -> Text:
    if is_limiting and queue.rate_max_jobs is not None:
        return text(
            "the rate limit of {queue} is reached: {max} jobs in {window} s, {depth} wait",
            queue=queue.name,
            max=queue.rate_max_jobs,
            window=told(None if queue.rate_window_ms is None else round(queue.rate_window_ms / 1000)),
            depth=told(queue.depth),
        )
    if is_limiting:
        return text("a worker's rate limit holds {queue} back: {depth} wait", queue=queue.name, depth=told(queue.depth))
    return text("no rate limit holds {queue} back", queue=queue.name)


def check_queue_concurrency(seen: Seen, scope: Scope) -> Finding:
    """Judge whether the queue's own limit on active jobs decides what is begun. Source: `concurrency` in `meta`."""
    queue, item = main_queue(seen, scope), seen.of("queue.state")
    command = redis_cli(scope.facts, "HGET", key_of(scope, "meta"), "concurrency")
    if queue is None or item is None:
        return blind("queue.concurrency", seen, "queue.state", command=command)
    if not queue.is_present:
        return absent("queue.concurrency", seen, queue, command)
    if queue.active is None or queue.depth is None:
        return unread("queue.concurrency", seen, "queue.state", command=command)
    limit = queue.concurrency_limit
    is_limiting = limit is not None and queue.depth > 0 and _is_full(queue, limit, seen)
    return Finding(
        id="queue.concurrency",
        severity=_severity(queue, item.observed_at, scope) if is_limiting else Severity.OK,
        state="limiting" if is_limiting else "open",
        sentence=text(
            "{queue} allows {limit} active jobs for all workers together: {active} are, {depth} wait",
            queue=queue.name,
            limit=limit if limit is not None else "?",
            active=queue.active,
            depth=queue.depth,
        )
        if is_limiting
        else text("no limit of {queue} on active jobs is reached", queue=queue.name),
        value=None if limit is None else float(limit),
        unit="" if limit is None else "jobs",
        evidence=seen.ids("queue.state"),
        command=command,
    )


def _is_full(queue: QueueCounts, limit: int, seen: Seen) -> bool:
    """Whether as many are active as may be. Between an end and the next start it is one less for a moment."""
    state = seen.reading(QueueState)
    before = state.before(queue.name) if state else None
    most = max(queue.active or 0, (before.active if before else None) or 0)
    return most >= limit or (most > 0 and limit < _slots(seen))


def _severity(queue: QueueCounts, at: datetime, scope: Scope) -> Severity:
    """WARNING once the limit is felt: a deep queue, or a long wait."""
    is_deep = scope.thresholds.queue_depth_jobs.judge(queue.depth) in (Severity.WARNING, Severity.CRITICAL)
    since = queue.oldest_waiting_at
    is_long = since is not None and (at - since).total_seconds() > LONG_WAIT_S
    return Severity.WARNING if is_deep or is_long else Severity.OK


CHECKS = (check_queue_limiter, check_queue_concurrency)
