"""Which queue is judged, and how checks speak of it."""

from __future__ import annotations

from diagnostics.checks.finding import TOO_LITTLE
from diagnostics.model import Finding
from diagnostics.readings import QueueCounts, QueueState
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import text


def main_queue(seen: Seen, scope: Scope) -> QueueCounts | None:
    """The deepest of the profile's queues: the one that decides."""
    state = seen.reading(QueueState)
    queues = [q for name in scope.facts.queue_names if state and (q := state.now(name))]
    return max(queues, key=lambda q: (q.is_present, q.depth or 0), default=None)


def absent(check: str, seen: Seen, queue: QueueCounts, command: str) -> Finding:
    """An absent queue is not an empty one: looked, nothing to judge."""
    return Finding(
        id=check,
        severity=Severity.OK,
        state=TOO_LITTLE,
        sentence=text("there is no queue named {queue} in this Redis", queue=queue.name),
        evidence=seen.ids("queue.state"),
        command=command,
    )


def key_of(scope: Scope, suffix: str) -> str:
    return f"{scope.facts.queue_prefix}:{scope.facts.queue_names[0]}:{suffix}"


def told(count: int | None) -> int | str:
    """The count, still a number, for a language may decline what follows it."""
    return "?" if count is None else count


def rounded(seconds: float | None) -> str:
    return "?" if seconds is None else f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"
