"""Judgements about room: slots needed by the arrivals against slots there are, and what follows for the backlog.

What is forecast is a WARNING at most, and only where the depth itself or full slots say that something is wrong.
"""

from __future__ import annotations

from math import isfinite

from diagnostics.checks.finding import TOO_LITTLE, blind, curl, redis_cli, unread
from diagnostics.model import Finding
from diagnostics.readings import QueueCounts, QueueState
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text
from diagnostics.trends.capacity import Capacity, capacity
from diagnostics.trends.depth import main_queue
from diagnostics.trends.estimate import Estimate
from diagnostics.trends.steps import counted
from diagnostics.trends.whatif import formula, in_words, told_drain

USUAL_CONCURRENCY = 25
"""Jobs a replica takes at once as deployed. Source: the worker's default and the runbook's 2.A1."""
_LOOKS = ("queue.state", "queue.events", "queue.jobs", "worker.metrics")


def check_worker_capacity(seen: Seen, scope: Scope) -> Finding:
    """Judge whether the slots suffice: needed = arrivals per second x seconds per job (Little's law).

    Returns: value = slots needed, threshold = slots there are; both counts.
    Source: runbook 1.B2; the platform's capacity model.
    """
    command = curl(scope.facts, "/metrics", jq="'.worker.concurrency, .jobs.processing'")
    room = _room("worker.capacity", seen, scope, command)
    if isinstance(room, Finding):
        return room
    if room.active is None:
        return unread("worker.capacity", seen, "queue.state", command=command)
    if not room.slots.is_told:
        # What a variable says no replica holds as long as none answers.
        return _unknown("worker.capacity", seen, command)
    state = seen.reading(QueueState)
    verdict = _state(room, state.before(room.queue) if state else None)
    return Finding(
        id="worker.capacity",
        severity=Severity.OK if verdict in ("enough", "tight", "recovering") else Severity.WARNING,
        state=verdict,
        sentence=_slots_sentence(verdict, room),
        value=round(room.needed.value, 1),
        unit="slots",
        threshold=float(room.slots.count),
        evidence=seen.ids(*_LOOKS),
        command=command,
    )


def _slots_sentence(verdict: str, room: Capacity) -> Text:
    """Full slots are the trouble even where new jobs alone would fit: what waits comes on top."""
    told: dict[str, str | int | float] = {
        "active": room.active if room.active is not None else "?",
        "slots": room.slots.count,
        "rate": room.arrivals.value,
        "usual": room.length.value,
        "needed": room.needed.value,
    }
    if verdict in ("full", "concurrency_low"):
        return text(
            "{active} of {slots} slots are in use while {depth} jobs wait; new jobs alone, {rate:.1f} a second of "
            "{usual:.2g} s each, need {needed:.1f}",
            depth=room.backlog,
            **told,
        )
    return text(
        "{rate:.1f} jobs/s of {usual:.2g} s each need {needed:.1f} slots; there are {slots} ({active} in use)", **told
    )


def _state(room: Capacity, before: QueueCounts | None) -> str:
    if not room.is_full:
        return "tight" if room.needed.value > room.slots.count else "enough"
    # A pause of the producer between two counts is no recovery: it must drain beyond doubt.
    has_not_risen = before is not None and before.depth is not None and room.backlog <= before.depth
    if has_not_risen and isfinite(room.drain_s().high):
        return "recovering"
    return "concurrency_low" if room.slots.concurrency < USUAL_CONCURRENCY else "full"


def check_capacity_slots(seen: Seen, scope: Scope) -> Finding:
    """Judge slots needed, with their interval, against slots held: replicas x concurrency.

    Returns: value = slots needed, threshold = slots held; WARNING where even the lower end is above and jobs pile up.
    Source: runbook 2.S2, 2.A1, 2.A3; Little's law.
    """
    command = curl(scope.facts, "/metrics", jq="'.worker.concurrency, .jobs.processing'")
    room = _room("capacity.slots", seen, scope, command)
    if isinstance(room, Finding):
        return room
    needed = room.needed
    is_short = needed.low > room.slots.count and room.is_full
    is_tight = needed.value > room.slots.count
    return Finding(
        id="capacity.slots",
        severity=Severity.WARNING if is_short else Severity.OK,
        state="short" if is_short else "tight" if is_tight else "enough",
        sentence=text(
            "slots needed {needed:.1f} ({low:.1f} to {high:.1f}) = {rate:.3g} jobs/s x {length:.2g} s; "
            "held {held} = {replicas} replicas x {concurrency}; needed is {share:.0%} of held",
            needed=needed.value,
            low=needed.low,
            high=needed.high,
            rate=room.arrivals.value,
            length=room.length.value,
            held=room.slots.count,
            replicas=room.slots.replicas,
            concurrency=room.slots.concurrency,
            share=room.utilisation,
        ),
        value=round(needed.value, 1),
        unit="slots",
        threshold=float(room.slots.count),
        evidence=seen.ids(*_LOOKS),
        command=command,
    )


def check_queue_drain(seen: Seen, scope: Scope) -> Finding:
    """Judge how long the backlog lasts: backlog / (capacity - arrivals), in seconds; `value` null where it grows.

    Source: the platform's throughput model; runbook 2.S2, 2.A3 (the number of waiting jobs falls).
    """
    command = _twice(scope)
    room = _room("queue.drain", seen, scope, command)
    if isinstance(room, Finding):
        return room
    drain = room.drain_s()
    is_deep = scope.thresholds.queue_depth_jobs.judge(room.backlog) is not Severity.OK
    state = _drain_state(room, drain)
    return Finding(
        id="queue.drain",
        severity=Severity.WARNING if is_deep and state == "growing" else Severity.OK,
        state=state,
        sentence=_drain_sentence(room, drain, state),
        value=round(drain.value, 1) if isfinite(drain.value) else None,
        unit="s",
        evidence=seen.ids(*_LOOKS),
        command=command,
    )


def check_queue_threshold_eta(seen: Seen, scope: Scope) -> Finding:
    """Judge how soon the growing backlog is above the runbook's next limit, in minutes; `value` null where it never is.

    Returns: WARNING where full slots let it cross before the time of escalation. Source: runbook T2.
    """
    command = _twice(scope)
    room = _room("queue.threshold_eta", seen, scope, command)
    if isinstance(room, Finding):
        return room
    limits = scope.thresholds.queue_depth_jobs
    limit = next((m for m in (limits.warning, limits.critical) if m is not None and room.backlog <= m), limits.critical)
    eta = room.reaches_s(limit)
    is_above = room.backlog > limit
    is_soon = not is_above and eta.value <= scope.thresholds.escalate_after_min * 60
    is_sure = room.is_full and isfinite(eta.high)
    state = "above" if is_above else "crossing" if is_soon and is_sure else "far"
    return Finding(
        id="queue.threshold_eta",
        severity=Severity.WARNING if state == "crossing" else Severity.OK,
        state=state,
        sentence=_eta_sentence(room, eta, limit),
        value=round(eta.value / 60, 1) if isfinite(eta.value) and not is_above else None,
        unit="min",
        threshold=scope.thresholds.escalate_after_min,
        evidence=seen.ids(*_LOOKS),
        command=command,
    )


def _room(check: str, seen: Seen, scope: Scope, command: str) -> Capacity | Finding:
    """The room there is, or the finding that says why nobody knows."""
    if seen.reading(QueueState) is None:
        return blind(check, seen, "queue.state", command=command)
    queue = counted(seen, main_queue(seen, scope))
    if queue is not None and queue.is_present and queue.depth is None:
        return unread(check, seen, "queue.state", command=command)
    return capacity(seen, scope) or _unknown(check, seen, command)


def _unknown(check: str, seen: Seen, command: str) -> Finding:
    return Finding(
        id=check,
        severity=Severity.OK,
        state=TOO_LITTLE,
        sentence=text("slots, arrivals or job length are not known: capacity is not judged"),
        evidence=seen.ids(*_LOOKS),
        command=command,
    )


def _drain_state(room: Capacity, drain: Estimate) -> str:
    if room.backlog == 0:
        return "empty"
    if room.is_paused:
        return "paused"
    return "draining" if isfinite(drain.value) else "growing"


def _drain_sentence(room: Capacity, drain: Estimate, state: str) -> Text:
    if state == "empty":
        return text("nothing waits in {queue}", queue=room.queue)
    if state == "paused":
        return text("{queue} is paused: its {backlog} jobs do not drain", queue=room.queue, backlog=room.backlog)
    if not room.output.value:
        return text(
            "nothing is taken from {queue}: its {backlog} jobs do not drain", queue=room.queue, backlog=room.backlog
        )
    if not isfinite(drain.value):
        return text(
            "{drain}: {arrivals:.3g} jobs/s arrive, {output:.3g} are done; {backlog} wait",
            drain=told_drain(drain),
            arrivals=room.arrivals.value,
            output=room.output.value,
            backlog=room.backlog,
        )
    return text("{drain}: {formula}", drain=told_drain(drain), formula=formula(room))


def _eta_sentence(room: Capacity, eta: Estimate, limit: float) -> Text:
    if room.backlog > limit:
        return text(
            "{backlog} jobs wait already, more than the highest limit of {limit:.0f}", backlog=room.backlog, limit=limit
        )
    if not isfinite(eta.value):
        return text("the backlog does not grow towards {limit:.0f} jobs", limit=limit)
    return text(
        "more than {limit:.0f} jobs wait in {time}: ({limit:.0f} - {backlog}) / ({arrivals:.3g} - {output:.3g} jobs/s)",
        limit=limit,
        time=in_words(eta.value),
        backlog=room.backlog,
        arrivals=room.arrivals.value,
        output=room.output.value,
    )


def _twice(scope: Scope) -> str:
    """The depth now and a minute later: the difference is what it does."""
    ask = redis_cli(scope.facts, "LLEN", f"{scope.facts.queue_prefix}:{scope.facts.queue_names[0]}:wait")
    return f"{ask}; sleep 60; {ask}"


CHECKS = (check_worker_capacity, check_capacity_slots, check_queue_drain, check_queue_threshold_eta)
