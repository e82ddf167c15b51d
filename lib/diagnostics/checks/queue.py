"""Judgements about the queue: how deep, paused or not, whose, and whether it moves."""

from __future__ import annotations

from datetime import datetime

from diagnostics.checks.finding import TOO_LITTLE, blind, redis_cli, unread
from diagnostics.model import Finding
from diagnostics.readings import JobRows, QueueCounts, QueueState, WorkerHealth, WorkerMetrics
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

QUIET_S = 15.0
"""Nothing finished for this long is worth a word, whatever the jobs' usual length."""
LENGTHS = 3.0
"""… and not before this many usual job lengths have passed."""
MISSED_ENDS = 20.0
"""… in which so many jobs should have ended: by chance none of them would, once in half a billion times."""
UNKNOWN_LENGTH_S = 60.0
"""How long nothing may end when the usual length is not known. Source: runbook T4."""
DELAYED_SHARE = 500
"""Delayed jobs beyond this are a backlog of their own. Source: the runbook's T2, applied to delayed jobs."""


def check_queue_depth(seen: Seen, scope: Scope) -> Finding:
    """Judge jobs ready and not started: wait + paused + prioritized (count).

    Returns: id "queue.depth"; UNKNOWN when a counted state is missing, `value` null for an absent queue.
    Source: runbook T2, > 500 warning, > 1000 critical (strictly greater).
    """
    queue = _main(seen, scope)
    command = redis_cli(scope.facts, "LLEN", _key(scope, "wait"))
    if queue is None:
        return blind("queue.depth", seen, "queue.state", command=command)
    if not queue.is_present:
        return _absent("queue.depth", seen, queue, command)
    limits = scope.thresholds.queue_depth_jobs
    return Finding(
        id="queue.depth",
        severity=limits.judge(queue.depth),
        state=limits.judge(queue.depth).value,
        sentence=text(
            "{depth} jobs ready and not started in {queue} (wait {wait}, paused {paused}, prioritized {prioritized})",
            depth=_told(queue.depth),
            queue=queue.name,
            wait=_told(queue.wait),
            paused=_told(queue.paused),
            prioritized=_told(queue.prioritized),
        ),
        value=None if queue.depth is None else float(queue.depth),
        unit="jobs",
        threshold=limits.crossed(queue.depth),
        evidence=seen.ids("queue.state"),
        command=command,
    )


def check_queue_paused(seen: Seen, scope: Scope) -> Finding:
    """Judge whether someone paused the queue. A paused queue takes no job, however healthy the worker."""
    queue = _main(seen, scope)
    command = redis_cli(scope.facts, "HEXISTS", _key(scope, "meta"), "paused")
    if queue is None:
        return blind("queue.paused", seen, "queue.state", command=command)
    if not queue.is_present:
        return _absent("queue.paused", seen, queue, command)
    if queue.is_paused is None:
        return unread("queue.paused", seen, "queue.state", command=command)
    return Finding(
        id="queue.paused",
        severity=Severity.CRITICAL if queue.is_paused else Severity.OK,
        state="paused" if queue.is_paused else "running",
        sentence=text("{queue} is paused: no worker takes a job from it", queue=queue.name)
        if queue.is_paused
        else text("{queue} is not paused", queue=queue.name),
        evidence=seen.ids("queue.state"),
        command=command,
    )


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


def check_queue_progress(seen: Seen, scope: Scope) -> Finding:
    """Judge whether jobs finish while there is work: the newest end against the usual length of a job.

    Source: runbook 1.S1; design 6 "progress, not presence".
    """
    queue = _main(seen, scope)
    item = seen.of("queue.state")
    command = redis_cli(scope.facts, "ZRANGE", _key(scope, "completed"), "-1 -1 WITHSCORES")
    if queue is None or item is None:
        return blind("queue.progress", seen, "queue.state", command=command)
    if not queue.is_present:
        return _absent("queue.progress", seen, queue, command)
    if queue.depth is None or queue.active is None:
        return unread("queue.progress", seen, "queue.state", command=command)
    usual_s = usual_length_s(seen)
    age_s = _age_s(queue, item.observed_at)
    limit_s = _quiet_limit_s(usual_s, _held(queue))
    state = _progress(queue, age_s, _started_age_s(seen, item.observed_at), item.observed_at, limit_s)
    if state is None:
        return unread("queue.progress", seen, "queue.state", "queue.jobs", command=command)
    return Finding(
        id="queue.progress",
        severity=Severity.CRITICAL if state in ("hung", "stuck") else Severity.OK,
        state=state,
        sentence=_progress_sentence(state, queue, age_s, usual_s),
        value=age_s,
        unit="s",
        threshold=round(limit_s, 1),
        evidence=seen.ids("queue.state", "queue.jobs"),
        command=command,
    )


def _progress(
    queue: QueueCounts, ended_s: float | None, started_s: float | None, at: datetime, limit_s: float
) -> str | None:
    """How the queue moves. A quiet night proves nothing: only jobs that could have moved count.

    `None` when nothing ended of late and since when jobs wait or run was not read.

    Args:
        ended_s, started_s: seconds since the newest end, and since the newest start among active jobs.
    """
    if queue.is_paused:
        return "paused"
    if not queue.depth and not queue.active:
        return "idle"
    if ended_s is not None and ended_s <= limit_s:
        return "flowing"
    held = _held(queue)
    since = queue.oldest_waiting_at
    still_s = started_s if held > 0 else None if since is None else (at - since).total_seconds()
    if still_s is None:
        return None
    if still_s <= limit_s:
        return "starting"
    return "hung" if held > 0 else "stuck"


def _held(queue: QueueCounts) -> int:
    """Active jobs whose worker still renews their lock."""
    return max(0, (queue.active or 0) - (queue.active_without_lock or 0))


def _quiet_limit_s(usual_s: float | None, held: int) -> float:
    """Seconds without an end after which jobs of this length, so many at once, have stopped ending."""
    if held == 0:
        return QUIET_S
    if usual_s is None:
        return UNKNOWN_LENGTH_S
    return max(QUIET_S, LENGTHS * usual_s, MISSED_ENDS * usual_s / held)


def _progress_sentence(state: str, queue: QueueCounts, age_s: float | None, usual_s: float | None) -> Text:
    match state:
        case "idle":
            return text("nothing waits and nothing runs in {queue}", queue=queue.name)
        case "paused":
            return text("{queue} is paused, so nothing moves", queue=queue.name)
        case "flowing":
            return text(
                "jobs finish: the newest {age:.0f} s ago, {active} running",
                age=age_s or 0,
                active=_told(queue.active),
            )
        case "starting":
            return text("jobs wait or run, none of them for long: too early to judge")
        case "hung":
            return text(
                "{active} jobs hold their slots and none has finished for {age} s (usual length {usual} s)",
                active=_told(queue.active),
                age=_rounded(age_s),
                usual=_rounded(usual_s),
            )
        case _ if age_s is None:
            return text(
                "{depth} jobs wait, none is running, and no finished one is on record", depth=_told(queue.depth)
            )
        case _:
            return text(
                "{depth} jobs wait, none is running, and none has finished for {age} s",
                depth=_told(queue.depth),
                age=_rounded(age_s),
            )


def check_queue_delayed(seen: Seen, scope: Scope) -> Finding:
    """Judge jobs that wait for a later time, retries in back-off among them; the old script never saw them."""
    queue = _main(seen, scope)
    command = redis_cli(scope.facts, "ZCARD", _key(scope, "delayed"))
    if queue is None:
        return blind("queue.delayed", seen, "queue.state", command=command)
    if not queue.is_present:
        return _absent("queue.delayed", seen, queue, command)
    if queue.delayed is None or queue.delayed < 0:
        return unread("queue.delayed", seen, "queue.state", command=command)
    is_large = queue.delayed > DELAYED_SHARE
    return Finding(
        id="queue.delayed",
        severity=Severity.WARNING if is_large else Severity.OK,
        state="backlog" if is_large else "small",
        sentence=text("{count} jobs delayed in {queue}", count=_told(queue.delayed), queue=queue.name),
        value=float(queue.delayed),
        unit="jobs",
        threshold=float(DELAYED_SHARE),
        evidence=seen.ids("queue.state"),
        command=command,
    )


def check_queue_stalled(seen: Seen, scope: Scope) -> Finding:
    """Judge active jobs that hold no lock: their worker is gone or its event loop is blocked."""
    queue = _main(seen, scope)
    command = redis_cli(scope.facts, "LRANGE", _key(scope, "active"), "0 -1")
    if queue is None:
        return blind("queue.stalled", seen, "queue.state", command=command)
    if not queue.is_present:
        return _absent("queue.stalled", seen, queue, command)
    count = queue.active_without_lock
    if count is None:
        return unread("queue.stalled", seen, "queue.state", command=command)
    # A job that ends between two reads is active without a lock for a moment.
    is_stalled = count > max(2, (queue.active or 0) // 10)
    return Finding(
        id="queue.stalled",
        severity=Severity.WARNING if is_stalled else Severity.OK,
        state="stalled" if is_stalled else "locked",
        sentence=text("{count} active jobs hold no lock", count=_told(count)),
        value=float(count),
        unit="jobs",
        evidence=seen.ids("queue.state"),
        command=command,
    )


def usual_length_s(seen: Seen) -> float | None:
    """Median processing time of the newest completed jobs, else the worker's own average (seconds)."""
    rows = seen.reading(JobRows)
    spans = sorted(
        (r.finished_ms - r.started_ms) / 1000
        for r in (rows.rows if rows else ())
        if r.state == "completed"
        and r.finished_ms is not None
        and r.started_ms is not None
        and r.finished_ms >= r.started_ms
    )
    if spans:
        return spans[len(spans) // 2]
    metrics = seen.reading(WorkerMetrics)
    averages = [s.average_ms for s in (metrics.samples if metrics else ()) if s.average_ms]
    return sum(averages) / len(averages) / 1000 if averages else None


def _age_s(queue: QueueCounts, at: datetime) -> float | None:
    ends = [t for t in (queue.newest_completed_at, queue.newest_failed_at) if t]
    return max(0.0, round((at - max(ends)).total_seconds(), 1)) if ends else None


def _started_age_s(seen: Seen, at: datetime) -> float | None:
    """Seconds since the newest of the active jobs started; `None` when the rows could not be read."""
    rows = seen.reading(JobRows)
    if rows is None:
        return None
    starts = [r.started_ms for r in rows.rows if r.state == "active" and r.started_ms is not None]
    # Rows are read a moment before the second count: a job that is active only there has just started.
    return max(0.0, at.timestamp() - max(starts) / 1000) if starts else 0.0


def _main(seen: Seen, scope: Scope) -> QueueCounts | None:
    """The deepest of the profile's queues: the one that decides."""
    state = seen.reading(QueueState)
    queues = [q for name in scope.facts.queue_names if state and (q := state.now(name))]
    return max(queues, key=lambda q: (q.is_present, q.depth or 0), default=None)


def _absent(check: str, seen: Seen, queue: QueueCounts, command: str) -> Finding:
    """An absent queue is not an empty one: looked, nothing to judge."""
    return Finding(
        id=check,
        severity=Severity.OK,
        state=TOO_LITTLE,
        sentence=text("there is no queue named {queue} in this Redis", queue=queue.name),
        evidence=seen.ids("queue.state"),
        command=command,
    )


def _key(scope: Scope, suffix: str) -> str:
    return f"{scope.facts.queue_prefix}:{scope.facts.queue_names[0]}:{suffix}"


def _told(count: int | None) -> str:
    return "?" if count is None else str(count)


def _rounded(seconds: float | None) -> str:
    return "?" if seconds is None else f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"


def check_queue_orphans(seen: Seen, scope: Scope) -> Finding:
    """Judge what waits in queues that nobody consumes. A pile there is a WARNING: it grows, but stops nothing.

    Source: the platform's own defect, a second queue name; runbook T2's first limit.
    """
    state = seen.reading(QueueState)
    command = redis_cli(
        scope.facts, "ZCARD", f"{scope.facts.queue_prefix}:{(*scope.facts.queue_orphans, '…')[0]}:prioritized"
    )
    if state is None:
        return blind("queue.orphans", seen, "queue.state", command=command)
    beside = {*scope.facts.queue_names, *scope.facts.dead_letter_queues}
    orphans = [q for q in state.first if q.name not in beside and q.is_present]
    worst = max(orphans, key=lambda q: q.depth or 0, default=None)
    depth = (worst.depth or 0) if worst else 0
    limit = scope.thresholds.queue_depth_jobs.warning or scope.thresholds.queue_depth_jobs.critical
    is_pile = depth > limit
    if not is_pile and any(q.depth is None for q in orphans):
        return unread("queue.orphans", seen, "queue.state", command=command)
    return Finding(
        id="queue.orphans",
        severity=Severity.WARNING if is_pile else Severity.OK,
        state="pile" if is_pile else "small",
        sentence=text("{depth} jobs wait in {queue}, which no worker consumes", depth=_told(depth), queue=worst.name)
        if worst
        else text("no queue without a consumer is seen"),
        value=float(depth),
        unit="jobs",
        threshold=limit,
        evidence=seen.ids("queue.state"),
        command=command,
    )


CHECKS = (
    check_queue_depth,
    check_queue_paused,
    check_queue_name,
    check_queue_progress,
    check_queue_delayed,
    check_queue_stalled,
    check_queue_orphans,
)
