"""Judgements about the queue: how deep, paused or not, whose, and what waits for a later time."""

from __future__ import annotations

from datetime import UTC, datetime

from diagnostics.checks.finding import blind, redis_cli, unread
from diagnostics.checks.lengths import usual_length_s
from diagnostics.checks.subject import absent, key_of, main_queue, told
from diagnostics.model import Finding
from diagnostics.readings import WorkerHealth, WorkerMetrics
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, moment, text
from diagnostics.trends.paused import paused_since

DELAYED_SHARE = 500
"""Delayed jobs beyond this are a backlog of their own. Source: the runbook's T2, applied to delayed jobs."""


def check_queue_depth(seen: Seen, scope: Scope) -> Finding:
    """Judge jobs ready and not started: wait + paused + prioritized (count).

    Returns: id "queue.depth"; UNKNOWN when a counted state is missing, `value` null for an absent queue.
    Source: runbook T2, > 500 warning, > 1000 critical (strictly greater).
    """
    queue = main_queue(seen, scope)
    command = redis_cli(scope.facts, "LLEN", key_of(scope, "wait"))
    if queue is None:
        return blind("queue.depth", seen, "queue.state", command=command)
    if not queue.is_present:
        return absent("queue.depth", seen, queue, command)
    limits = scope.thresholds.queue_depth_jobs
    return Finding(
        id="queue.depth",
        severity=limits.judge(queue.depth),
        state=limits.judge(queue.depth).value,
        sentence=text(
            "{depth} jobs ready and not started in {queue} (wait {wait}, paused {paused}, prioritized {prioritized})",
            depth=told(queue.depth),
            queue=queue.name,
            wait=told(queue.wait),
            paused=told(queue.paused),
            prioritized=told(queue.prioritized),
        ),
        value=None if queue.depth is None else float(queue.depth),
        unit="jobs",
        threshold=limits.crossed(queue.depth),
        evidence=seen.ids("queue.state"),
        command=command,
    )


def check_queue_paused(seen: Seen, scope: Scope) -> Finding:
    """Judge whether someone paused the queue. A paused queue takes no job, however healthy the worker."""
    queue = main_queue(seen, scope)
    command = redis_cli(scope.facts, "HEXISTS", key_of(scope, "meta"), "paused")
    if queue is None:
        return blind("queue.paused", seen, "queue.state", command=command)
    if not queue.is_present:
        return absent("queue.paused", seen, queue, command)
    if queue.is_paused is None:
        return unread("queue.paused", seen, "queue.state", command=command)
    return Finding(
        id="queue.paused",
        severity=Severity.CRITICAL if queue.is_paused else Severity.OK,
        state="paused" if queue.is_paused else "running",
        sentence=_paused(queue.name, paused_since(seen, queue.name), scope.now)
        if queue.is_paused
        else text("{queue} is not paused", queue=queue.name),
        evidence=seen.ids("queue.state", *(["queue.events"] if queue.is_paused else [])),
        command=command,
    )


def _paused(queue: str, began: tuple[int, bool] | None, now: datetime) -> Text:
    if began is None:
        return text("{queue} is paused: no worker takes a job from it", queue=queue)
    since = moment(datetime.fromtimestamp(began[0] / 1000, UTC), now)
    if not began[1]:
        return text(
            "{queue} is paused, since {since} UTC at the latest: no worker takes a job from it",
            queue=queue,
            since=since,
        )
    return text("{queue} is paused since {since} UTC: no worker takes a job from it", queue=queue, since=since)


def check_queue_name(seen: Seen, scope: Scope) -> Finding:
    """Judge whether the worker consumes the queue that producers fill."""
    health, metrics = seen.reading(WorkerHealth), seen.reading(WorkerMetrics)
    names = {s.queue_name for s in metrics.samples} if metrics else set()
    names |= {health.queue_name} if health and health.queue_name else set()
    command = redis_cli(scope.facts, "--scan --pattern", f"'{scope.facts.queue_prefix}:*:meta'")
    if not names:
        if health is not None or metrics is not None:
            return Finding(
                id="queue.name",
                severity=Severity.OK,
                state="no_worker",
                sentence=text("no replica tells which queue it consumes"),
                evidence=seen.ids("worker.health", "worker.metrics"),
                command=command,
            )
        return blind("queue.name", seen, "worker.health", "worker.metrics", command=command)
    other = sorted(names - set(scope.facts.queue_names))
    return Finding(
        id="queue.name",
        severity=Severity.CRITICAL if other else Severity.OK,
        state="mismatch" if other else "matches",
        sentence=text(
            "the worker consumes {worker}, producers fill {ours}",
            worker=", ".join(other),
            ours=", ".join(scope.facts.queue_names),
        )
        if other
        else text("the worker consumes {worker}, as the profile says", worker=", ".join(sorted(names))),
        evidence=seen.ids("worker.health", "worker.metrics"),
        command=command,
    )


def check_queue_delayed(seen: Seen, scope: Scope) -> Finding:
    """Judge jobs that wait for a later time, retries in back-off among them; the old script never saw them."""
    queue = main_queue(seen, scope)
    command = redis_cli(scope.facts, "ZCARD", key_of(scope, "delayed"))
    if queue is None:
        return blind("queue.delayed", seen, "queue.state", command=command)
    if not queue.is_present:
        return absent("queue.delayed", seen, queue, command)
    if queue.delayed is None or queue.delayed < 0:
        return unread("queue.delayed", seen, "queue.state", command=command)
    is_large = queue.delayed > DELAYED_SHARE
    return Finding(
        id="queue.delayed",
        severity=Severity.WARNING if is_large else Severity.OK,
        state="backlog" if is_large else "small",
        sentence=text("{count} jobs delayed in {queue}", count=told(queue.delayed), queue=queue.name),
        value=float(queue.delayed),
        unit="jobs",
        threshold=float(DELAYED_SHARE),
        evidence=seen.ids("queue.state"),
        command=command,
    )


CHECKS = (check_queue_depth, check_queue_paused, check_queue_name, check_queue_delayed)

__all__ = [
    "CHECKS",
    "check_queue_delayed",
    "check_queue_depth",
    "check_queue_name",
    "check_queue_paused",
    "usual_length_s",
]
