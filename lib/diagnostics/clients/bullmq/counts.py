"""How many jobs are in which state, and what holds the queue back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from diagnostics.clients.bullmq import replies
from diagnostics.clients.reader import Command
from diagnostics.errors import ClientError
from diagnostics.readings import QueueCounts

ACTIVE_READ = 200
"""Active jobs looked at one by one, the oldest of them; more slots than this are counted only."""
_RARE = ("paused", "active", "delayed", "waiting-children", "completed", "failed")
"""States that are empty in a queue nobody consumes."""


class Glance(NamedTuple):
    """The first look at a queue: what is compared with the second."""

    counts: QueueCounts
    active: tuple[str, ...]
    without_lock: frozenset[str] | None = frozenset()
    """Active jobs that hold no lock; `None` when that could not be read."""


def glance_commands(key: str) -> tuple[Command, ...]:
    """Five reads of what a second look is compared with. `key` is the queue's prefix with its colon."""
    return (
        ("GET", f"{key}id"),
        ("LLEN", f"{key}wait"),
        ("LLEN", f"{key}paused"),
        ("ZCARD", f"{key}prioritized"),
        ("LRANGE", f"{key}active", -ACTIVE_READ, -1),
    )


def glance(name: str, answers: Sequence[Any]) -> Glance:
    """What the five answers say."""
    last_id, wait, paused, prioritized = map(replies.count, answers[:4])
    active = tuple(replies.ids(answers[4]))
    counts = QueueCounts(
        name=name,
        is_present=bool(last_id or wait or paused or prioritized or active),
        wait=wait,
        paused=paused,
        prioritized=prioritized,
        active=looked_at(answers[4]),
        last_id=last_id,
    )
    return Glance(counts, active)


def looked_at(answer: Any) -> int | None:
    """How many jobs are active, by the list of them; `None` when it was refused or may go on."""
    return None if isinstance(answer, ClientError) or len(answer) >= ACTIVE_READ else len(answer)


def state_commands(key: str) -> tuple[Command, ...]:
    """Nine reads: how many jobs are in each state, and whether there ever were any."""
    return (("GET", f"{key}id"), ("LLEN", f"{key}wait"), ("ZCARD", f"{key}prioritized"), *rare_commands(key))


def states(name: str, answers: Sequence[Any]) -> QueueCounts:
    """What the nine answers say."""
    found = last_id, wait, prioritized, *rest = [replies.count(answer) for answer in answers]
    if all(number == 0 for number in found):
        return QueueCounts(name=name, is_present=False)
    counts = QueueCounts(name=name, is_present=True, last_id=last_id, wait=wait, prioritized=prioritized)
    return _with(counts, rest)


def full_commands(key: str) -> tuple[Command, ...]:
    """Fifteen reads: every state, pause, limits, and which jobs stand at the ends of the lists."""
    return (
        ("HMGET", f"{key}meta", "paused", "concurrency", "max", "duration", "version", "opts.maxLenEvents"),
        ("LLEN", f"{key}wait"),
        ("LLEN", f"{key}paused"),
        ("ZCARD", f"{key}prioritized"),
        ("ZCARD", f"{key}delayed"),
        ("ZCARD", f"{key}completed"),
        ("ZCARD", f"{key}failed"),
        ("ZCARD", f"{key}waiting-children"),
        ("MGET", f"{key}id", f"{key}limiter"),
        ("PTTL", f"{key}limiter"),
        ("ZRANGE", f"{key}completed", -1, -1, "WITHSCORES"),
        ("ZRANGE", f"{key}failed", -1, -1, "WITHSCORES"),
        ("LRANGE", f"{key}active", -ACTIVE_READ, -1),
        ("LRANGE", f"{key}wait", -1, -1),
        ("ZRANGE", f"{key}prioritized", 0, 0),
    )


def full(name: str, answers: Sequence[Any]) -> QueueCounts:
    """What the answers say; the last three name jobs and are read by `ends`.

    Raises: ClientError when the queue's own settings cannot be read.
    """
    meta = answers[0]
    if isinstance(meta, ClientError):
        raise meta
    wait, paused, prioritized, delayed, completed, failed, children = map(replies.count, answers[1:8])
    last_id, limited = map(replies.count, answers[8] if isinstance(answers[8], list) else [answers[8]] * 2)
    active = looked_at(answers[12])
    counted = (wait, paused, prioritized, delayed, completed, failed, children, last_id, active)
    if not any(field is not None for field in meta) and not any(counted):
        return QueueCounts(name=name, is_present=False)
    left_ms = answers[9] if isinstance(answers[9], int) else None
    return QueueCounts(
        name=name,
        is_present=True,
        is_paused=meta[0] is not None,
        wait=wait,
        paused=paused,
        prioritized=prioritized,
        delayed=delayed,
        active=active,
        completed=completed,
        failed=failed,
        waiting_children=children,
        last_id=last_id,
        newest_completed_at=replies.score_time(answers[10]),
        newest_failed_at=replies.score_time(answers[11]),
        limiter_ms=None if left_ms is None else max(0, left_ms),
        limiter_jobs=limited,
        rate_max_jobs=replies.number(meta[2]),
        rate_window_ms=replies.number(meta[3]),
        concurrency_limit=replies.number(meta[1]),
    )


def brief_commands(key: str) -> tuple[Command, ...]:
    """Three reads of a queue beside the main ones: what waits, and whether anything else is there."""
    return (
        ("LLEN", f"{key}wait"),
        ("ZCARD", f"{key}prioritized"),
        ("EXISTS", *(f"{key}{state}" for state in _RARE)),
    )


def brief(name: str, last_id: int | None, answers: Sequence[Any]) -> tuple[QueueCounts, bool]:
    """What the three answers say, and whether states are left that must be counted one by one."""
    wait, prioritized, rare = map(replies.count, answers)
    counts = QueueCounts(
        name=name,
        is_present=True,
        wait=wait,
        prioritized=prioritized,
        last_id=last_id,
    )
    if rare == 0:
        # Redis deletes a list or a set with its last member: a state without a key is a state without jobs.
        return _with(counts, [0] * len(_RARE)), False
    return counts, rare is not None


def rare_commands(key: str) -> tuple[Command, ...]:
    """Six counts of the states that `brief` found not to be empty."""
    return tuple(("LLEN" if state in ("paused", "active") else "ZCARD", f"{key}{state}") for state in _RARE)


def with_rare(counts: QueueCounts, answers: Sequence[Any]) -> QueueCounts:
    """`counts` with the six states."""
    return _with(counts, [replies.count(answer) for answer in answers])


def _with(counts: QueueCounts, found: Sequence[int | None]) -> QueueCounts:
    paused, active, delayed, children, completed, failed = found
    return replace(
        counts,
        paused=paused,
        active=active,
        delayed=delayed,
        waiting_children=children,
        completed=completed,
        failed=failed,
    )
