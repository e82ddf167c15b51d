"""Room: what the slots can take, what arrives, and how long a backlog lasts.

capacity   = slots / seconds a job holds a slot       (jobs/s; measured where the slots are full;
             no more slots and no more jobs/s than the queue's own limits allow)
needed     = arrivals x seconds a job holds a slot    (slots; Little's law)
drain time = backlog / (capacity - arrivals)          (infinite where arrivals are not below capacity)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

import numpy as np

from diagnostics.readings import QueueCounts, QueueEvents, QueueState, RailwayService, WorkerHealth, WorkerMetrics
from diagnostics.replicas import newest
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.text import Text, text
from diagnostics.trends.cap import Cap, cap_of
from diagnostics.trends.depth import main_queue
from diagnostics.trends.estimate import Estimate, Z, combined, mean, poisson, product, waiting_s
from diagnostics.trends.jobtypes import lengths_s
from diagnostics.trends.series import epoch_ms
from diagnostics.trends.steady import SHORTEST_S, Stretch, steady

FULL = 0.9
"""Share of slots in use from which the worker counts as full."""
_ENTERS, _STARTS = ("waiting", "prioritized"), ("active",)
"""Steps that make a job ready (a retry too) and that take it: their difference is what the depth does."""
_FEWEST_STARTS = 20
_SHORTEST_MS = 5000
_REMEMBERED = 1000
"""So many jobs the worker's own average covers at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """Places for jobs: replicas and the slots of each."""

    replicas: int
    concurrency: int
    is_told: bool = True
    """Whether a running replica tells it; otherwise Railway's variable does, for the next start."""

    @property
    def count(self) -> int:
        """All places."""
        return self.replicas * self.concurrency


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """Jobs per second of late, and the seconds the latter was seen for."""

    arrivals: Estimate
    """Jobs that became ready, retries included."""
    taken: Estimate
    """Jobs that the worker took."""
    span_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """One queue's room at the newest count."""

    queue: str
    backlog: int
    """Ready and not started (count)."""
    active: int | None
    slots: Slots
    cap: Cap
    """What the queue itself allows."""
    arrivals: Estimate
    """Jobs per second that become ready, retries included."""
    output: Estimate
    """Jobs per second the worker takes, or could take where it is not full."""
    length: Estimate
    """Seconds a job holds a slot."""
    is_measured: bool
    """Whether `output` was measured on a backlog; otherwise it is slots / length."""
    is_paused: bool

    @property
    def is_full(self) -> bool:
        """Whether (almost) all slots are in use while more jobs wait than there are slots."""
        return (self.active or 0) >= FULL * self.slots.count and self.backlog > self.slots.count

    @property
    def needed(self) -> Estimate:
        """Slots that the arrivals need."""
        return product(self.arrivals, self.length, text("arrivals x seconds per job"))

    @property
    def utilisation(self) -> float:
        """Needed over usable slots; above 1 the backlog grows."""
        return self.needed.value / self.usable

    @property
    def usable(self) -> int:
        """Slots that the queue lets its workers use at once."""
        return self.cap.usable(self.slots.count)

    def drain_s(self) -> Estimate:
        """Seconds until nothing waits; infinite where arrivals are not below capacity or the queue is paused."""
        return drain_s(self.backlog, self.output, self.arrivals)

    def reaches_s(self, limit: float) -> Estimate:
        """Seconds until the backlog is above `limit`; infinite where it does not grow, zero where it is above."""
        if self.backlog > limit:
            return Estimate(value=0.0, low=0.0, high=0.0, how=text("the backlog is above it"))
        missing = limit - self.backlog + 1
        return waiting_s(missing, self.arrivals, self.output, text("missing jobs / (arrivals - capacity)"))


def drain_s(backlog: int, output: Estimate, arrivals: Estimate) -> Estimate:
    """Seconds until `backlog` is gone: backlog / (capacity - arrivals), with its interval."""
    return waiting_s(backlog, output, arrivals, text("backlog / (capacity - arrivals)"))


def capacity(seen: Seen, scope: Scope) -> Capacity | None:
    """The room of the deepest queue; `None` where depth, slots, arrivals or job length are not known."""
    queue = main_queue(seen, scope)
    state = seen.reading(QueueState)
    now = state.now(queue) if state else None
    slots = slots_held(seen, scope)
    if now is None or now.depth is None or slots.count <= 0:
        return None
    moving, length = flows(seen, queue), job_length(seen)
    if moving is None:
        return None
    cap = cap_of(now)
    usable = cap.usable(slots.count)
    could = _could(usable, length, cap)
    measured = _measured(moving, could, usable) if now.depth > usable else None
    output = measured or could
    if now.is_paused:
        output = Estimate(value=0.0, low=0.0, high=0.0, how=text("the queue is paused"))
    if output is None:
        return None
    # Where a rate limit holds jobs back the slots are not full, and what is taken tells no length.
    held = _held_s(usable, measured) if measured and measured.value and cap.per_s is None else length
    if held is None:
        return None
    return Capacity(
        queue=queue,
        backlog=now.depth,
        active=now.active,
        slots=slots,
        cap=cap,
        arrivals=moving.arrivals,
        output=output,
        length=held,
        is_measured=measured is not None,
        is_paused=bool(now.is_paused),
    )


def flows(seen: Seen, queue: str) -> Flows | None:
    """What enters `queue` and what is taken from it, by the event stream, else by two counts.

    A burst seconds ago is no rate: the two counts come after the stream was read, and where they know of far fewer
    arrivals the burst is over.
    """
    state = seen.reading(QueueState)
    now, before = (state.now(queue), state.before(queue)) if state else (None, None)
    counted = _two_counts(before, now, state.gap_s) if state and now and before else None
    for events, since, until in _events(seen, queue):
        if counted and until - since < _SHORTEST_MS:
            continue
        taken, entered = _stretch(events, since, until, _STARTS), _stretch(events, since, until, _ENTERS)
        arrivals = poisson(entered.count, entered.span_s, _told(entered))
        is_brief = entered.span_s <= SHORTEST_S
        is_over = is_brief and counted is not None and counted.arrivals.high < arrivals.low
        return Flows(
            arrivals=counted.arrivals if counted and is_over else arrivals,
            taken=poisson(taken.count, taken.span_s, _told(taken)),
            span_s=taken.span_s,
        )
    return counted


def slots_held(seen: Seen, scope: Scope) -> Slots:
    """Replicas and slots of each, as the worker tells them; Railway's variable where no replica answers."""
    metrics, health = seen.reading(WorkerMetrics), seen.reading(WorkerHealth)
    service = seen.reading(RailwayService)
    told = [s.concurrency for s in metrics.samples] if metrics else []
    told += [health.concurrency] if health and health.concurrency else []
    is_told = bool(told)
    told = told or _railways(service)
    if not told:
        return Slots(replicas=0, concurrency=0, is_told=False)
    met = len(newest(metrics.samples)) if metrics else 0
    replicas = (service.replicas_running if service else 0) or max(met, scope.facts.expected_replicas or 1)
    return Slots(replicas=replicas, concurrency=min(told), is_told=is_told)


def job_length(seen: Seen) -> Estimate | None:
    """Seconds a job holds its slot on average, from whichever rests on more jobs: log lines or rows, or the
    worker's own average.

    Rows are the newest hundred: just after a burst those are the short jobs, the long ones still run.
    """
    spans, how = lengths_s(seen)
    average, jobs = _workers_average(seen)
    return average if average and jobs > len(spans) else mean(spans, how) or average


def _workers_average(seen: Seen) -> tuple[Estimate | None, int]:
    """The replicas' averages of their last thousand jobs, and on how many they rest."""
    metrics = seen.reading(WorkerMetrics)
    told = [s for s in newest(metrics.samples if metrics else ()) if s.average_ms]
    jobs = [min(_REMEMBERED, max(1, s.completed)) for s in told]
    if not told:
        return None, 0
    seconds = sum((s.average_ms or 0) / 1000 * n for s, n in zip(told, jobs, strict=True))
    value = seconds / sum(jobs)
    # Only the mean is told. Lengths of a mix of job types spread about as far as their mean.
    error = Z * value / sqrt(sum(jobs))
    how = text("the worker's average of {count} jobs", count=sum(jobs))
    return Estimate(value=value, low=max(0.0, value - error), high=value + error, how=how), sum(jobs)


def _railways(service: RailwayService | None) -> list[int]:
    """The variable as Railway holds it: what the next start will use."""
    values = [v.value for v in (service.variables or ()) if v.name == "JOB_CONCURRENCY"] if service else []
    return [int(value) for value in values if value.isdecimal()]


def _events(seen: Seen, queue: str) -> Iterable[tuple[QueueEvents, int, int]]:
    for item in seen.evidence:
        events = item.reading
        if isinstance(events, QueueEvents) and events.queue == queue and events.complete_since_ms is not None:
            until = epoch_ms(item.observed_at)
            if until > events.complete_since_ms and any(kind in _STARTS for kind in events.kind):
                yield events, events.complete_since_ms, until


def _stretch(events: QueueEvents, since: int, until: int, kinds: tuple[str, ...]) -> Stretch:
    at = np.array([at for at, kind in zip(events.at_ms, events.kind, strict=True) if kind in kinds], dtype=np.int64)
    return steady(at, since_ms=since, until_ms=until)


def _told(stretch: Stretch) -> Text:
    return text("{count} in {span:.0f} s of the event stream", count=stretch.count, span=stretch.span_s)


def _two_counts(before: QueueCounts, now: QueueCounts, gap_s: float) -> Flows | None:
    """The same from two counts: the id counter tells arrivals, the change of depth what was taken."""
    if before.last_id is None or now.last_id is None or gap_s <= 0 or now.last_id < before.last_id:
        return None
    if before.depth is None or now.depth is None:
        return None
    added = now.last_id - before.last_id
    taken = max(0, added - (now.depth - before.depth))
    how = text("two counts, {gap:.1f} s apart", gap=gap_s)
    return Flows(arrivals=poisson(added, gap_s, how), taken=poisson(taken, gap_s, how), span_s=gap_s)


def _measured(moving: Flows, could: Estimate | None, usable: int) -> Estimate | None:
    """What is taken while jobs wait, if that tells what can be taken; `None` where too little is counted.

    Far less than the slots could do: something else is missing. About as much: both measurements together.
    More: it will not last, of a burst the short jobs end first. Where no job's length is known, jobs that only
    filled empty slots tell nothing.
    """
    taken, possible = moving.taken, could.value if could else 0.0
    if could is None and taken.value * moving.span_s <= usable:
        return None
    if max(taken.value, possible) * moving.span_s < _FEWEST_STARTS or (could and taken.low > could.high):
        return None
    if could is None or taken.high < could.low:
        return taken
    return combined(taken, could, text("jobs taken, and slots / seconds per job, weighed by their doubt"))


def _could(usable: int, length: Estimate | None, cap: Cap) -> Estimate | None:
    if length is None or length.low <= 0:
        return None
    output = Estimate(
        value=usable / length.value,
        low=usable / length.high,
        high=usable / length.low,
        how=text("slots / seconds per job"),
    )
    return cap.limited(output)


def _held_s(usable: int, output: Estimate) -> Estimate:
    """Seconds a job holds a slot while all are full: Little's law, waiting for the slot's turn included."""
    return Estimate(
        value=usable / output.value,
        low=usable / output.high,
        high=usable / output.low if output.low > 0 else float("inf"),
        how=text("slots / jobs taken per second"),
    )
