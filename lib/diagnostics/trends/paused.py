"""Since when a queue is paused."""

from __future__ import annotations

from diagnostics.readings import QueueEvents
from diagnostics.seen import Seen


def paused_since(seen: Seen, queue: str) -> int | None:
    """When the pause of `queue` that no resume has ended began (epoch ms, the server's clock).

    `None` where the queue's events no longer hold that moment. Source: BullMQ's event stream.
    """
    events = seen.reading(QueueEvents)
    if events is None or events.queue != queue:
        return None
    turns = [(at, kind) for at, kind in zip(events.at_ms, events.kind, strict=True) if kind in ("paused", "resumed")]
    later = len(turns)
    while later and turns[later - 1][1] == "paused":
        later -= 1
    # Whoever pauses a paused queue changes nothing: the first of several counts.
    return turns[later][0] if later < len(turns) else None
