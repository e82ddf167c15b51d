"""Tables of room: capacity with its formulas, what changes would do, waits, job types, limits and priorities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from diagnostics.model import Diagnosis
from diagnostics.seen import Seen
from diagnostics.text import Text, text
from diagnostics.trends import Percentiles, processing_percentiles, wait_percentiles
from diagnostics.trends.capacity import Capacity, capacity
from diagnostics.trends.estimate import Estimate
from diagnostics.trends.jobtypes import job_types, slowdown
from diagnostics.trends.whatif import formula, in_words, outlook, what_ifs
from diagnostics.wording import Wording, plain

IN_DEPTH = "queue-overflow"
"""The incident that is about the queue itself."""
_ROOMY = 0.9
"""Share of the slots up to which jobs that go first hardly wait."""


@dataclass(frozen=True, slots=True)
class Table:
    """Ready to show: texts of the reader's language. No rows: `note` says why."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def in_depth(diagnosis: Diagnosis, wording: Wording) -> tuple[tuple[str, Table], ...]:
    """Every table of the incident that is about the queue, each with its heading; none for another incident."""
    if diagnosis.scope.slug != IN_DEPTH:
        return ()
    _ = wording.translate
    return (
        (_("Capacity: slots, flows and forecasts"), capacity_table(diagnosis, wording)),
        (_("What a change would do"), what_if_table(diagnosis, wording)),
        (_("How long jobs wait and take"), percentile_table(diagnosis, wording)),
        (_("Job types by the slot time they hold"), type_table(diagnosis, wording)),
        (_("Which type is limited by what"), rate_limit_table(diagnosis, wording)),
        (_("What priorities would change"), priority_table(diagnosis, wording)),
    )


def capacity_table(diagnosis: Diagnosis, wording: Wording) -> Table:
    """Each number with its interval and with what it was computed from."""
    _ = wording.translate
    room = _room(diagnosis)
    head = (_("Quantity"), _("Value"), _("Interval (95 %)"), _("How"))
    if room is None:
        return _unknown(head, wording)
    slots = room.slots
    told = _("{replicas} replicas x {concurrency}").format(replicas=slots.replicas, concurrency=slots.concurrency)
    backlog = _("wait + paused + prioritized of {queue}").format(queue=plain(room.queue))
    rows = (
        (_("Backlog"), wording.value(room.backlog, "jobs"), "", backlog),
        (_("Arrivals"), *_measured(room.arrivals, "jobs/s", wording)),
        (_("Capacity"), *_measured(room.output, "jobs/s", wording)),
        (_("A job holds its slot"), *_measured(room.length, "s", wording)),
        (_("Slots held"), wording.value(slots.count, "slots"), "", told),
        (_("Slots needed"), *_measured(room.needed, "slots", wording)),
        *_caps(room, wording),
        (_("Utilisation"), wording.value(room.utilisation, "ratio"), "", _("slots needed / slots that may be used")),
        (_("Drain"), wording.say(outlook(room)), "", wording.say(formula(room))),
        *_limits(diagnosis, room, wording),
    )
    return Table(head, rows)


def what_if_table(diagnosis: Diagnosis, wording: Wording) -> Table:
    """Every change with its effect on the drain, the formula with its inputs, and the harm where it does any."""
    _ = wording.translate
    seen, room = Seen(diagnosis.evidence), _room(diagnosis)
    head = (_("Change"), _("Effect"), _("Formula"))
    if room is None:
        return _unknown(head, wording)
    types, _how = job_types(seen)
    changes = what_ifs(room, types=types, findings=diagnosis.findings, slower=slowdown(seen))
    now = (_("As it is"), wording.say(outlook(room)), wording.say(formula(room)))
    rows = [(wording.say(c.change), wording.say(c.effect), wording.say(c.formula)) for c in changes]
    return Table(head, (now, *rows))


def percentile_table(diagnosis: Diagnosis, wording: Wording) -> Table:
    """How long jobs waited and how long they took."""
    _ = wording.translate
    seen, scope = Seen(diagnosis.evidence), diagnosis.scope
    found = ((_("wait"), wait_percentiles(seen, scope)), (_("processing"), processing_percentiles(seen, scope)))
    rows = tuple(_percentiles(name, told, wording) for name, told in found if told)
    note = "" if rows else _("no job tells how long it waited or took")
    return Table((_("Seconds"), "p50", "p95", "p99", _("Jobs"), _("Source")), rows, note)


def type_table(diagnosis: Diagnosis, wording: Wording) -> Table:
    """The types of jobs, the one that fills most slots first."""
    _ = wording.translate
    types, how = job_types(Seen(diagnosis.evidence))
    head = (_("Job type"), _("Jobs"), _("Mean"), "p95", _("Share of slot time"), _("Failed"))
    rows = tuple(
        (
            plain(t.name),
            wording.value(t.count, ""),
            wording.value(t.mean_s, "s"),
            wording.value(t.p95_s, "s"),
            wording.value(t.slot_share, "ratio"),
            wording.value(t.failed, ""),
        )
        for t in types
    )
    return Table(head, rows, _("Source: {source}.").format(source=wording.say(how)))


def rate_limit_table(diagnosis: Diagnosis, wording: Wording) -> Table:
    """Which types were refused by OpenRouter's rate limit, and which share of their attempts."""
    _ = wording.translate
    types, how = job_types(Seen(diagnosis.evidence))
    head = (_("Job type"), _("Limited by"), _("Refused"), _("Share of its attempts"))
    rows = tuple(
        (plain(t.name), "OpenRouter (429)", wording.value(t.limited, ""), wording.value(t.limited / t.count, "ratio"))
        for t in types
        if t.limited
    )
    note = _("No attempt was refused by a rate limit. Source: {source}.").format(source=wording.say(how))
    return Table(head, rows, "" if rows else note)


def priority_table(diagnosis: Diagnosis, wording: Wording) -> Table:
    """What priorities would change: how long a new job of each type waits if shorter types go first."""
    _ = wording.translate
    room = _room(diagnosis)
    types, _how = job_types(Seen(diagnosis.evidence))
    head = (_("Job type"), _("Share of slots"), _("A new one waits"), _("If shorter types go first"))
    if room is None or not types:
        return _unknown(head, wording)
    now = wait_now_s(room)
    rows, used = [], 0.0
    for kind in sorted(types, key=lambda t: (t.mean_s, t.name)):
        mine = room.utilisation * kind.slot_share
        used += mine
        rows.append(
            (
                plain(kind.name),
                wording.value(mine, "ratio"),
                wording.say(_wait(now)),
                _("hardly waits") if used <= _ROOMY else _("waits longer than now"),
            )
        )
    return Table(head, tuple(rows))


def wait_now_s(room: Capacity) -> float:
    """Seconds until a job added now is taken: first in, first out."""
    if not room.backlog:
        return 0.0
    return room.backlog / room.output.value if room.output.value > 0 else float("inf")


def _room(diagnosis: Diagnosis) -> Capacity | None:
    return capacity(Seen(diagnosis.evidence), diagnosis.scope)


def _unknown(head: tuple[str, ...], wording: Wording) -> Table:
    _ = wording.translate
    return Table(head, (), _("Not computed: depth, slots, arrivals or job length are not known."))


def _measured(estimate: Estimate, unit: str, wording: Wording) -> tuple[str, str, str]:
    low, high = wording.value(estimate.low, unit), wording.value(estimate.high, unit)
    return wording.value(estimate.value, unit), f"{low} … {high}", wording.say(estimate.how)


def _caps(room: Capacity, wording: Wording) -> list[tuple[str, str, str, str]]:
    """The queue's own limits, where it sets any."""
    _, cap, rows = wording.translate, room.cap, []
    if cap.active_jobs is not None:
        rows.append(
            (_("Active at once, at most"), wording.value(cap.active_jobs, "jobs"), "", wording.say(cap.active_told()))
        )
    if cap.per_s is not None:
        rows.append((_("Begun, at most"), wording.value(cap.per_s, "jobs/s"), "", wording.say(cap.rate_told())))
    return rows


def _limits(diagnosis: Diagnosis, room: Capacity, wording: Wording) -> list[tuple[str, str, str, str]]:
    """How soon each of the runbook's limits is crossed."""
    _ = wording.translate
    limits = diagnosis.scope.thresholds.queue_depth_jobs
    rows = []
    for limit in (limits.warning, limits.critical):
        if limit is not None:
            eta = room.reaches_s(limit)
            name = _("More than {limit}").format(limit=wording.value(limit, "jobs"))
            rows.append((name, wording.say(_eta(eta.value)), "", wording.say(eta.how)))
    return rows


def _eta(seconds: float) -> Text:
    if not seconds:
        return text("now")
    return text("in {time}", time=in_words(seconds)) if isfinite(seconds) else text("not in sight")


def _wait(seconds: float) -> Text:
    return in_words(seconds) if isfinite(seconds) else text("without an end")


def _percentiles(name: str, told: Percentiles, wording: Wording) -> tuple[str, ...]:
    spans: Sequence[float] = (told.p50_s, told.p95_s, told.p99_s)
    return (
        name,
        *(wording.value(span, "s") for span in spans),
        wording.value(told.count, ""),
        wording.say(told.source),
    )
