"""Since when jobs pile up: more wait than could be taken at once."""

from __future__ import annotations

from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.trends.capacity import slots_held
from diagnostics.trends.depth import depth, main_queue
from diagnostics.trends.onset import onset

SOURCES = ("queue.state", "queue.events", "queue.jobs", "history.samples", "prometheus.samples")
"""Probes that may tell it."""


def piled_since(seen: Seen, scope: Scope) -> tuple[int, tuple[int, int]] | None:
    """The first instant (epoch ms) of the latest stretch with a backlog, and the interval in which that began.

    `None` where no source vouches for the time before it. A backlog is more than all slots could take at once.
    """
    return onset(depth(seen, scope, main_queue(seen, scope)), max(1, slots_held(seen, scope).count))
