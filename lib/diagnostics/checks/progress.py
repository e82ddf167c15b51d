"""Judgements about movement: do jobs end, do they keep their locks, do they come back again and again."""

from __future__ import annotations

from datetime import datetime

from diagnostics.checks.finding import TOO_LITTLE, blind, redis_cli, unread
from diagnostics.checks.lengths import lengths_by_type_s, usual_length_s
from diagnostics.checks.subject import absent, key_of, main_queue, rounded, told
from diagnostics.model import Finding
from diagnostics.readings import JobRows, OpenRouterAccount, QueueCounts, QueueEvents, Symptom
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
CHURN_MS = 5 * 60 * 1000
"""How far back jobs that came back after a stall are looked at."""
ROUND_MS = 2000
"""Stalls closer together than this were found by one check of BullMQ's."""
ROUNDS = 3
"""Checks that found stalled jobs from which it is a habit: the jobs of one dead replica take one, or two."""


def check_queue_progress(seen: Seen, scope: Scope) -> Finding:
    """Judge whether jobs finish while there is work: the newest end against the usual length of a job.

    Source: runbook 1.S1; design 6 "progress, not presence".
    """
    queue = main_queue(seen, scope)
    item = seen.of("queue.state")
    command = redis_cli(scope.facts, "ZRANGE", key_of(scope, "completed"), "-1 -1 WITHSCORES")
    if queue is None or item is None:
        return blind("queue.progress", seen, "queue.state", command=command)
    if not queue.is_present:
        return absent("queue.progress", seen, queue, command)
    if queue.depth is None or queue.active is None:
        return unread("queue.progress", seen, "queue.state", command=command)
    age_s = _age_s(queue, item.observed_at)
    usual_s, limit_s = _patience(seen, _held(queue))
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
    held = _held(queue)
    if (ended_s is not None and ended_s <= limit_s) or (held > 0 and queue.ended_between):
        return "flowing"
    since = queue.oldest_waiting_at
    still_s = started_s if held > 0 else None if since is None else (at - since).total_seconds()
    if still_s is None:
        return None
    if still_s <= limit_s:
        return "starting"
    if held == 0:
        return "stuck"
    # Long jobs that keep nobody waiting are no incident.
    return "hung" if queue.depth else "long"


def _held(queue: QueueCounts) -> int:
    """Active jobs whose worker still renews their lock."""
    return max(0, (queue.active or 0) - (queue.active_without_lock or 0))


def _patience(seen: Seen, held: int) -> tuple[float | None, float]:
    """The usual length of the jobs that run, and seconds without an end after which they have stopped ending.

    A type that never ended here may be a long one: it gets a minute, unless the provider it calls is seen hanging.
    """
    usual_s = usual_length_s(seen)
    if held == 0:
        return usual_s, QUIET_S
    rows, known = seen.reading(JobRows), lengths_by_type_s(seen)
    running = {row.name for row in (rows.rows if rows else ()) if row.state == "active"}
    told_s = [known[name] for name in running if name in known]
    longest_s = max([*told_s, *([usual_s] if usual_s is not None else [])], default=None)
    is_known = len(told_s) == len(running) and longest_s is not None
    floor_s = QUIET_S if is_known or _is_provider_hanging(seen) else UNKNOWN_LENGTH_S
    return longest_s, max(floor_s, LENGTHS * (longest_s or 0), MISSED_ENDS * (longest_s or 0) / held)


def _is_provider_hanging(seen: Seen) -> bool:
    account = seen.reading(OpenRouterAccount)
    return account is not None and account.key_symptom is Symptom.TIMED_OUT


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
                active=told(queue.active),
            )
        case "starting":
            return text("jobs wait or run, none of them for long: too early to judge")
        case "long":
            return text(
                "{active} jobs run, none has finished for {age} s (usual length {usual} s), and none waits for them",
                active=told(queue.active),
                age=rounded(age_s),
                usual=rounded(usual_s),
            )
        case "hung":
            return text(
                "{active} jobs hold their slots and none has finished for {age} s (usual length {usual} s)",
                active=told(queue.active),
                age=rounded(age_s),
                usual=rounded(usual_s),
            )
        case _ if age_s is None:
            return text("{depth} jobs wait, none is running, and no finished one is on record", depth=told(queue.depth))
        case _:
            return text(
                "{depth} jobs wait, none is running, and none has finished for {age} s",
                depth=told(queue.depth),
                age=rounded(age_s),
            )


def check_queue_stalled(seen: Seen, scope: Scope) -> Finding:
    """Judge active jobs without a lock at both looks: their worker is gone or its event loop is blocked."""
    queue = main_queue(seen, scope)
    command = redis_cli(scope.facts, "LRANGE", key_of(scope, "active"), "0 -1")
    if queue is None:
        return blind("queue.stalled", seen, "queue.state", command=command)
    if not queue.is_present:
        return absent("queue.stalled", seen, queue, command)
    count = queue.active_without_lock
    if count is None:
        return unread("queue.stalled", seen, "queue.state", command=command)
    # A few are found and put back by the next check of any worker, within a minute.
    is_stalled = count > max(2, (queue.active or 0) // 10)
    return Finding(
        id="queue.stalled",
        severity=Severity.WARNING if is_stalled else Severity.OK,
        state="stalled" if is_stalled else "few" if count else "locked",
        sentence=text("{count} active jobs hold no lock, seen twice", count=told(count))
        if is_stalled
        else text("{count} active jobs hold no lock, seen twice: any worker puts so few back in a minute", count=count)
        if count
        else text("every active job holds its lock"),
        value=float(count),
        unit="jobs",
        evidence=seen.ids("queue.state"),
        command=command,
    )


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


def check_queue_churn(seen: Seen, scope: Scope) -> Finding:
    """Judge whether jobs stall again and again: each is begun once more, so its effects happen twice.

    Source: `stalled` steps of the event stream; row 2.10 of the platform's incidents.
    """
    events = seen.reading(QueueEvents)
    command = redis_cli(scope.facts, "XREVRANGE", key_of(scope, "events"), "+ - COUNT 1000")
    item = seen.of("queue.events")
    if events is None or item is None:
        return blind("queue.churn", seen, "queue.events", command=command)
    since_ms = item.observed_at.timestamp() * 1000 - CHURN_MS
    stalls = [at for at, kind in zip(events.at_ms, events.kind, strict=True) if kind == "stalled" and at >= since_ms]
    rounds = sum(1 for before, at in zip([0, *stalls], stalls, strict=False) if at - before > ROUND_MS)
    is_churning = rounds >= ROUNDS
    return Finding(
        id="queue.churn",
        severity=Severity.WARNING if is_churning else Severity.OK,
        state="churning" if is_churning else TOO_LITTLE if not events.at_ms else "steady",
        sentence=text(
            "{count} jobs stalled and were put back within five minutes, found by {rounds} checks",
            count=len(stalls),
            rounds=rounds,
        ),
        value=float(len(stalls)),
        unit="jobs",
        evidence=seen.ids("queue.events"),
        command=command,
    )


CHECKS = (check_queue_progress, check_queue_stalled, check_queue_churn)
