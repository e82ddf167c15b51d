"""The queue at a glance: the numbers of one finished diagnosis that a person asks for first."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from diagnostics.model import Diagnosis
from diagnostics.readings import QueueCounts, QueueState
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text
from diagnostics.thresholds import Limits
from diagnostics.trends import main_queue
from diagnostics.trends.capacity import Capacity, Flows, capacity, flows

STATES = ("wait", "active", "paused", "prioritized", "delayed", "failed", "completed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """One queue now; `None` is what could not be read. Ages are in seconds."""

    counts: QueueCounts | None
    limits: Limits
    oldest_waiting_s: float | None
    oldest_active_s: float | None
    moving: Flows | None
    room: Capacity | None
    orphans: tuple[QueueCounts, ...]
    dead_letters: tuple[QueueCounts, ...]

    @property
    def script_jobs(self) -> int | None:
        """What the old script prints."""
        return self.counts.script_depth if self.counts else None

    @property
    def script_severity(self) -> Severity:
        """What the old script would call it; it calls a failed read OK, which is not repeated here."""
        return self.limits.judge(self.script_jobs)

    def unseen_by_script(self) -> tuple[Text, ...]:
        """What there is and the old script does not show."""
        found = []
        counts = self.counts
        if counts and counts.is_paused:
            found.append(text("that the queue is paused: {count} jobs wait in it", count=counts.depth or 0))
        for state in ("prioritized", "delayed", "failed"):
            count = getattr(counts, state) if counts else None
            if count:
                found.append(text("{count} jobs {state}", count=count, state=state))
        found += [
            text("{count} jobs in {queue}, which no worker consumes", count=q.depth or 0, queue=q.name)
            for q in self.orphans
            if q.depth
        ]
        found += [
            text("{count} dead letters in {queue}", count=q.depth or 0, queue=q.name)
            for q in self.dead_letters
            if q.depth
        ]
        return tuple(found)

    def document(self) -> dict[str, object]:
        """The same for programs: `null` is not known."""
        counts, moving, room = self.counts, self.moving, self.room
        drain = room.drain_s() if room else None
        return {
            "name": counts.name if counts else None,
            "old_script": self.script_jobs,
            "depth": counts.depth if counts else None,
            **{state: getattr(counts, state) if counts else None for state in STATES},
            "is_paused": counts.is_paused if counts else None,
            "limiter_ms": counts.limiter_ms if counts else None,
            "oldest_waiting_s": self.oldest_waiting_s,
            "oldest_active_s": self.oldest_active_s,
            "in_per_min": _rounded(moving.arrivals.value * 60) if moving else None,
            "out_per_min": _rounded(moving.taken.value * 60) if moving else None,
            "slots": room.slots.count if room else None,
            "slots_needed": _rounded(room.needed.value) if room else None,
            "drain_s": _rounded(drain.value) if drain else None,
            "drain_interval_s": [_rounded(drain.low), _rounded(drain.high)] if drain else None,
            "grows": not isfinite(drain.value) if drain else None,
            "orphans": {q.name: q.depth for q in self.orphans},
            "dead_letters": {q.name: q.depth for q in self.dead_letters},
        }


def glance(diagnosis: Diagnosis) -> Glance:
    """The numbers of `diagnosis`."""
    seen, scope = Seen(diagnosis.evidence), diagnosis.scope
    name, state, item = main_queue(seen, scope), seen.reading(QueueState), seen.of("queue.state")
    counts = state.now(name) if state else None
    beside = [q for q in (state.first if state else ()) if q.is_present and q.name not in scope.facts.queue_names]
    dead = scope.facts.dead_letter_queues
    at = item.observed_at if item else scope.now
    waiting, active = (counts.oldest_waiting_at, counts.oldest_active_at) if counts else (None, None)
    return Glance(
        counts=counts,
        limits=scope.thresholds.queue_depth_jobs,
        oldest_waiting_s=round((at - waiting).total_seconds(), 1) if waiting else None,
        oldest_active_s=round((at - active).total_seconds(), 1) if active else None,
        moving=flows(seen, name),
        room=capacity(seen, scope),
        orphans=tuple(q for q in beside if q.name not in dead),
        dead_letters=tuple(q for q in beside if q.name in dead),
    )


def _rounded(value: float) -> float | None:
    return round(value, 1) if isfinite(value) else None
