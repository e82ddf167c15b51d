"""Since when a queue is paused."""

from __future__ import annotations

from diagnostics.readings import QueueEvents
from diagnostics.seen import Seen

_RUNNING = ("resumed", "active")
"""Steps that only a queue takes that is not paused; a job taken in the instant of the pause may come just after it."""


def paused_since(seen: Seen, queue: str) -> tuple[int, bool] | None:
    """The first pause of `queue` that no resume has ended (epoch ms, the server's clock); `None` where none is held.

    Returns: the moment, and whether the events show that the queue ran before it. Where they do not, it was paused then
    at the latest: whoever pauses a paused queue changes nothing. Source: BullMQ's event stream.
    """
    events = seen.reading(QueueEvents)
    if events is None or events.queue != queue:
        return None
    found, has_run = None, False
    for at, kind in zip(events.at_ms, events.kind, strict=True):
        if kind == "paused" and found is None:
            found = at, has_run
        elif kind == "resumed":
            found = None
        has_run = has_run or kind in _RUNNING
    return found
