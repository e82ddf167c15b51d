"""Judgements about what lies beside the queue: queues without a consumer, dead letters, keys of nobody."""

from __future__ import annotations

from diagnostics.checks.finding import NOT_PERMITTED, blind, redis_cli, unread
from diagnostics.checks.subject import told
from diagnostics.model import Finding
from diagnostics.readings import QueueCounts, QueueState
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

MANY_LETTERS = 500
"""Dead letters beyond this are a pile. Source: the runbook's T2, applied to what nobody retries."""


def check_queue_orphans(seen: Seen, scope: Scope) -> Finding:
    """Judge what waits in queues that nobody consumes. A pile there is a WARNING: it grows, but stops nothing.

    A queue in which jobs are active has a consumer, whatever its depth.
    Source: the platform's own defect, a second queue name; runbook T2's first limit.
    """
    state = seen.reading(QueueState)
    command = redis_cli(
        scope.facts, "ZCARD", f"{scope.facts.queue_prefix}:{(*scope.facts.queue_orphans, '…')[0]}:prioritized"
    )
    if state is None:
        return blind("queue.orphans", seen, "queue.state", command=command)
    beside = {*scope.facts.queue_names, *scope.facts.dead_letter_queues}
    orphans = [q for q in state.first if q.name not in beside and q.is_present and not q.active]
    worst = max(orphans, key=lambda q: q.depth or 0, default=None)
    depth = (worst.depth or 0) if worst else 0
    limit = scope.thresholds.queue_depth_jobs.warning or scope.thresholds.queue_depth_jobs.critical
    word = _orphan_state(state, worst, limit)
    if word == "small" and any(q.depth is None or q.active is None for q in orphans):
        return unread("queue.orphans", seen, "queue.state", command=command)
    return Finding(
        id="queue.orphans",
        severity=Severity.OK if word == "small" else Severity.WARNING,
        state="few" if word == "small" and depth else word,
        sentence=_orphan_sentence(word, worst),
        value=float(depth),
        unit="jobs",
        threshold=limit,
        evidence=seen.ids("queue.state"),
        command=command,
    )


def _orphan_state(state: QueueState, worst: QueueCounts | None, limit: float) -> str:
    """`growing` while producers still fill it, `pile` when only jobs with a priority are left to look at."""
    if worst is None or worst.active is None or not (worst.depth or 0) > limit:
        return "small"
    now, before = state.now(worst.name), state.before(worst.name)
    is_growing = bool(now and before and (now.last_id or 0) > (before.last_id or 0))
    return "growing" if is_growing or (worst.wait or 0) > (worst.prioritized or 0) else "pile"


def _orphan_sentence(state: str, worst: QueueCounts | None) -> Text:
    if worst is None:
        return text("no queue without a consumer is seen")
    if state == "growing":
        return text(
            "{depth} jobs wait in {queue}, none is active, and producers fill it",
            depth=told(worst.depth),
            queue=worst.name,
        )
    return text("{depth} jobs wait in {queue}, which no worker consumes", depth=told(worst.depth), queue=worst.name)


def check_queue_dead_letters(seen: Seen, scope: Scope) -> Finding:
    """Judge the dead letters: those in their queue, in any state, and those kept as plain keys beside it.

    A plain key means that the queue refused the letter; it vanishes after seven days. The worker's own count of
    dead letters is always zero, because it does not count jobs with a priority.
    """
    state = seen.reading(QueueState)
    names = scope.facts.dead_letter_queues
    command = redis_cli(scope.facts, "--scan --pattern", "'dlq:fallback:*'")
    if state is None:
        return blind("queue.dead_letters", seen, "queue.state", command=command)
    letters = [_all_states(q) for name in names if (q := state.now(name)) and q.is_present]
    known = [count for count in letters if count is not None]
    is_lost, is_pile = bool(state.fallback_keys), sum(known) > MANY_LETTERS
    is_unread = len(known) < len(letters) or (state.fallback_keys is None and not state.scan_refused)
    if not is_lost and not is_pile and is_unread:
        return unread("queue.dead_letters", seen, "queue.state", command=command)
    return Finding(
        id="queue.dead_letters",
        severity=Severity.WARNING if is_lost or is_pile else Severity.OK,
        state="unfiled" if is_lost else "pile" if is_pile else "few",
        sentence=text(
            "{letters} dead letters in their queue, {keys} as plain keys ({seen} of {total} keys looked at)",
            letters=sum(known) if len(known) == len(letters) else "?",
            keys=told(state.fallback_keys),
            seen=told(state.scanned_keys),
            total=told(state.total_keys),
        ),
        value=float(sum(known) + (state.fallback_keys or 0)),
        unit="jobs",
        threshold=float(MANY_LETTERS),
        evidence=seen.ids("queue.state"),
        command=command,
    )


def _all_states(queue: QueueCounts) -> int | None:
    counted = (
        queue.wait,
        queue.paused,
        queue.prioritized,
        queue.delayed,
        queue.active,
        queue.waiting_children,
        queue.completed,
        queue.failed,
    )
    known = [count for count in counted if count is not None]
    return sum(known) if len(known) == len(counted) else None


def check_queue_foreign_keys(seen: Seen, scope: Scope) -> Finding:
    """Tell of keys under BullMQ's prefix that belong to no queue: harmless, but they mislead a count by pattern."""
    state = seen.reading(QueueState)
    command = redis_cli(scope.facts, "--scan --pattern", f"'{scope.facts.queue_prefix}:*'")
    if state is None:
        return blind("queue.foreign_keys", seen, "queue.state", command=command)
    if state.scan_refused:
        return _no_scan(seen, command)
    if state.foreign_keys is None:
        return unread("queue.foreign_keys", seen, "queue.state", command=command)
    return Finding(
        id="queue.foreign_keys",
        severity=Severity.OK,
        state="some" if state.foreign_keys else "none",
        sentence=text(
            "{count} keys under the prefix belong to no queue ({seen} of {total} keys looked at)",
            count=told(state.foreign_keys),
            seen=told(state.scanned_keys),
            total=told(state.total_keys),
        ),
        value=float(state.foreign_keys),
        unit="keys",
        evidence=seen.ids("queue.state"),
        command=command,
    )


def _no_scan(seen: Seen, command: str) -> Finding:
    return Finding(
        id="queue.foreign_keys",
        severity=Severity.OK,
        state=NOT_PERMITTED,
        sentence=text("the token may not scan: dead letters outside their queue and unnamed queues are not seen"),
        evidence=seen.ids("queue.state"),
        command=command,
    )


CHECKS = (check_queue_orphans, check_queue_dead_letters, check_queue_foreign_keys)
