"""What a change would do to the drain time, and the harm it would do.

More slots help only where slots are what is missing. Where an outside limit, a slow database, a blocked event loop
or the memory is, they make it worse; where the queue's own limit is, they change nothing. This says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from math import isfinite

from diagnostics.model import Finding
from diagnostics.text import Text, text
from diagnostics.trends.capacity import Capacity, Slots, drain_s
from diagnostics.trends.estimate import Estimate
from diagnostics.trends.jobtypes import JobType

SLOWER = 1.5
"""Jobs that take so many times as long as earlier in the window wait for something other than a slot."""
_DOMINANT = 2.0
"""A type this many times as long as the others is worth mending on its own."""
_NEAR = 0.9
"""Share of the rate limit from which it decides what is taken."""
_FREE = 0.5
"""Share of the slots below which it is not slots that are missing."""


class Lever(Enum):
    """What can be changed."""

    CONCURRENCY = "concurrency"
    REPLICAS = "replicas"
    PRODUCER = "producer"
    SLOW_TYPE = "slow_type"


_BOTH = (Lever.CONCURRENCY, Lever.REPLICAS)
_IN_PROCESS = (Lever.CONCURRENCY,)
_HARMS: tuple[tuple[str, tuple[str, ...], tuple[Lever, ...], Text], ...] = (
    (
        "jobs.reason",
        ("openrouter_rate_limited",),
        _BOTH,
        text("OpenRouter limits our rate already: more jobs at once mean more refusals and retries"),
    ),
    (
        "openrouter.account",
        ("openrouter_rate_limited",),
        _BOTH,
        text("OpenRouter limits our rate already: more jobs at once mean more refusals and retries"),
    ),
    (
        "jobs.reason",
        ("database",),
        _BOTH,
        text("the database fails jobs already: more jobs at once load it further"),
    ),
    (
        "worker.endpoints",
        ("both_silent", "partly_silent", "silent"),
        _IN_PROCESS,
        text("the event loop is busy: more jobs in one process lose their locks and run twice"),
    ),
    (
        "queue.stalled",
        ("stalled",),
        _IN_PROCESS,
        text("active jobs lose their locks: more jobs in one process would be run twice"),
    ),
    (
        "worker.errors",
        ("stalled", "lock_lost"),
        _IN_PROCESS,
        text("active jobs lose their locks: more jobs in one process would be run twice"),
    ),
    (
        "worker.errors",
        ("heap_full",),
        _IN_PROCESS,
        text("the worker's memory is full: more jobs in one process kill it sooner"),
    ),
    (
        "worker.restarts",
        ("killed",),
        _IN_PROCESS,
        text(
            "the worker is killed again and again, most likely for its memory: more jobs in one process kill it sooner"
        ),
    ),
    (
        "queue.progress",
        ("hung",),
        _BOTH,
        text("the jobs that hold the slots never end: new slots fill up the same way"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """One change, the drain time after it, how that was computed, and what speaks against it."""

    lever: Lever
    change: Text
    drain_s: Estimate
    formula: Text
    harm: Text | None
    idle: Text | None = None
    """Why it changes nothing."""

    @property
    def effect(self) -> Text:
        """The forecast in words; a harmful or idle change has none but the reason."""
        if self.harm is not None:
            return text("this will make it worse: {why}", why=self.harm)
        if self.idle is not None:
            return text("no effect: {why}", why=self.idle)
        return told_drain(self.drain_s)


def what_ifs(
    room: Capacity, *, types: Sequence[JobType], findings: Iterable[Finding], slower: float | None
) -> tuple[WhatIf, ...]:
    """Every change worth a thought, in the runbook's order: concurrency, replicas, a producer, the slow type."""
    states = {f.id: f.state for f in findings}
    slots = room.slots
    more = 2 * slots.concurrency if slots.concurrency >= 25 else 25
    found = [_resized(room, Slots(replicas=slots.replicas, concurrency=more), Lever.CONCURRENCY)]
    found += [
        _resized(room, Slots(replicas=n, concurrency=slots.concurrency), Lever.REPLICAS)
        for n in (slots.replicas + 1, slots.replicas + 2)
    ]
    found += _without_producer(room, types)
    found += _mended(room, types)
    return tuple(_warned(change, states, slower) for change in found)


def told_drain(drain: Estimate) -> Text:
    """A drain time with its interval, in words."""
    if not isfinite(drain.value):
        return text("does not drain, it grows")
    if not isfinite(drain.high):
        return text("drains in {time}, if at all (at best {low})", time=in_words(drain.value), low=in_words(drain.low))
    return text(
        "drains in {time} ({low} to {high})",
        time=in_words(drain.value),
        low=in_words(drain.low),
        high=in_words(drain.high),
    )


def outlook(room: Capacity) -> Text:
    """What becomes of the backlog as things are."""
    if room.is_paused:
        return text("does not drain, it is paused")
    return told_drain(room.drain_s())


def formula(room: Capacity, output: Estimate | None = None, arrivals: Estimate | None = None) -> Text:
    """The drain's formula with its inputs."""
    return text(
        "{backlog} jobs / ({output:.3g} - {arrivals:.3g} jobs/s)",
        backlog=room.backlog,
        output=(output or room.output).value,
        arrivals=(arrivals or room.arrivals).value,
    )


def _resized(room: Capacity, slots: Slots, lever: Lever) -> WhatIf:
    """Capacity grows with the slots: true while nothing but slots is missing."""
    old = room.slots
    output = room.output.times(room.cap.usable(slots.count) / room.usable)
    change = (
        text("JOB_CONCURRENCY {old} → {new}", old=old.concurrency, new=slots.concurrency)
        if lever is Lever.CONCURRENCY
        else text("replicas {old} → {new}", old=old.replicas, new=slots.replicas)
    )
    return _changed(room, lever, change, output=output, arrivals=room.arrivals)


def _without_producer(room: Capacity, types: Sequence[JobType]) -> list[WhatIf]:
    """The producer of the type that holds most slot time stops; what waits already stays."""
    if not types:
        return []
    most = types[0]
    change = text("pause the producer of {job} ({share:.0%} of the jobs)", job=most.name, share=most.share)
    arrivals = room.arrivals.times(1 - most.share)
    return [_changed(room, Lever.PRODUCER, change, output=room.output, arrivals=arrivals)]


def _mended(room: Capacity, types: Sequence[JobType]) -> list[WhatIf]:
    """The slowest type takes as long as the others do on average."""
    slowest = max((t for t in types if t.share < 1), key=lambda t: t.mean_s, default=None)
    if slowest is None:
        return []
    others = sum(t.share * t.mean_s for t in types if t is not slowest) / (1 - slowest.share)
    if others <= 0 or slowest.mean_s < _DOMINANT * others:
        return []
    mean_s = slowest.share * slowest.mean_s + (1 - slowest.share) * others
    change = text(
        "{job} made as fast as the others ({old:.2g} → {new:.2g} s)",
        job=slowest.name,
        old=slowest.mean_s,
        new=others,
    )
    return [_changed(room, Lever.SLOW_TYPE, change, output=room.output.times(mean_s / others), arrivals=room.arrivals)]


def _changed(room: Capacity, lever: Lever, change: Text, *, output: Estimate, arrivals: Estimate) -> WhatIf:
    output = room.cap.limited(output)
    return WhatIf(
        lever=lever,
        change=change,
        drain_s=drain_s(room.backlog, output, arrivals),
        formula=formula(room, output, arrivals),
        harm=None,
        idle=None if lever is Lever.PRODUCER else _idle(room, lever),
    )


def _idle(room: Capacity, lever: Lever) -> Text | None:
    """Why a change that is about slots changes nothing: something else decides what is taken."""
    if room.is_paused:
        return text("{queue} is paused: resume it first", queue=room.queue)
    most, limit = room.cap.per_s, room.cap.active_jobs
    if most is not None and room.output.value >= _NEAR * most:
        return room.cap.rate_told()
    if lever in _BOTH and limit is not None and limit <= room.slots.count:
        return room.cap.active_told()
    if lever in _BOTH and room.is_measured and room.active is not None and room.active < _FREE * room.usable:
        return text("slots are free: {active} of {held} are in use", active=room.active, held=room.slots.count)
    return None


def _warned(change: WhatIf, states: dict[str, str], slower: float | None) -> WhatIf:
    harm = next(
        (why for name, bad, levers, why in _HARMS if change.lever in levers and states.get(name) in bad),
        None,
    )
    if harm is None and slower is not None and slower >= SLOWER and change.lever in _BOTH:
        harm = text(
            "jobs take {times:.1f} times as long as earlier: what they wait for is slow, and more at once slow it more",
            times=slower,
        )
    return replace(change, harm=harm)


def in_words(seconds: float) -> Text:
    """A length of time in words; the same steps as everywhere."""
    if seconds < 100:
        return text("{s} s", s=round(seconds))
    if seconds < 5400:
        return text("{m} min", m=round(seconds / 60))
    hours, minutes = divmod(round(seconds / 60), 60)
    return text("{h} h {m} min", h=hours, m=minutes) if hours < 48 else text("{d} d {h} h", d=hours // 24, h=hours % 24)
