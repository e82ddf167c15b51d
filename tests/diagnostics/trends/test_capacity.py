"""Room: slots, flows, and how long a backlog lasts, from every source that can tell."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.healthy import (
    NOW_MS,
    QUEUE,
    SCOPE,
    Changes,
    ago,
    ago_ms,
    counts,
    health,
    log,
    metrics,
    queue,
    rows,
    sample,
    seen,
    service,
    unanswered,
    unanswered_metrics,
)

from diagnostics.model import FailureKind
from diagnostics.readings import Answer, QueueEvents, QueueState, Variable
from diagnostics.trends.capacity import Capacity, capacity, flows, slots_held


def events(*, enter_per_s: float, take_per_s: float, span_s: float = 60.0) -> QueueEvents:
    """A stream in which jobs enter and are taken at these rates, complete over `span_s`."""
    steps = [(NOW_MS - round(span_s * 1000), "completed")]
    for kind, rate in (("waiting", enter_per_s), ("active", take_per_s)):
        steps += [(NOW_MS - round(i * 1000 / rate), kind) for i in range(int(span_s * rate))] if rate else []
    steps.sort()
    return QueueEvents(
        queue=QUEUE,
        at_ms=tuple(at for at, _ in steps),
        kind=tuple(kind for _, kind in steps),
        complete_since_ms=steps[0][0],
    )


def loaded(
    *, wait: int = 1000, active: int = 50, enter_per_s: float = 2.0, take_per_s: float = 10.0, **changes: object
) -> dict:
    """A backlog of `wait` with these flows, on two replicas of 25."""
    state = queue(counts(wait=wait, active=active, **changes))
    return {"queue.state": state, "queue.events": events(enter_per_s=enter_per_s, take_per_s=take_per_s)}


def room(changes: Changes) -> Capacity:
    found = capacity(seen(changes), SCOPE)
    assert found is not None
    return found


def test_drain_is_backlog_over_capacity_less_arrivals() -> None:
    """1000 jobs / (10 - 2) jobs/s = 125 s, measured on the event stream."""
    found = room(loaded())
    drain = found.drain_s()
    assert found.is_measured
    assert drain.value == pytest.approx(125, rel=0.03)
    assert drain.low < 125 < drain.high < 200


def test_arrivals_at_capacity_never_drain() -> None:
    """From equality on the time is infinite, also its upper end."""
    found = room(loaded(enter_per_s=11.0)).drain_s()
    assert (found.value, found.high) == (inf, inf)


def test_what_is_nearly_in_balance_may_not_drain() -> None:
    """A difference within the doubt has an infinite upper end."""
    found = room(loaded(enter_per_s=9.5)).drain_s()
    assert found.value < inf
    assert found.high == inf


def test_a_paused_queue_takes_nothing() -> None:
    """However fast it was a minute ago."""
    found = room(loaded(is_paused=True))
    assert (found.output.value, found.drain_s().value, found.is_paused) == (0.0, inf, True)


def test_idle_slots_could_do_more_than_they_do() -> None:
    """Without a backlog what is taken is what arrives; capacity is slots / length: 50 / 2 s."""
    found = room(loaded(wait=3, active=10, take_per_s=2.0))
    assert not found.is_measured
    assert found.output.value == pytest.approx(25.0, rel=0.1)
    assert found.needed.value == pytest.approx(4.0, rel=0.1)
    assert found.utilisation == pytest.approx(0.08, rel=0.1)


def test_just_after_a_burst_the_short_jobs_do_not_count_twice() -> None:
    """More than slots / length is taken while the slots fill up; it does not last."""
    found = room(loaded(take_per_s=40.0))
    assert not found.is_measured
    assert found.output.value == pytest.approx(25.0, rel=0.1)


def test_a_worker_that_takes_nothing_has_no_capacity() -> None:
    """Jobs wait, many should have been started, few were: that is the rate, whatever the slots could do."""
    found = room(loaded(active=0, take_per_s=0.1))
    assert found.output.value == pytest.approx(0.1, rel=0.2)
    assert found.drain_s().value == inf


@pytest.mark.parametrize(("taken", "is_told"), [(49, False), (50, False), (51, True)])
def test_jobs_that_only_fill_empty_slots_measure_nothing(taken: int, is_told: bool) -> None:
    """Fifty slots, and no job has ended yet: what is taken first says nothing about what can be taken."""
    unended = {"worker.metrics": metrics(sample(average_ms=None, completed=0)), "worker.log": None, "queue.jobs": None}
    stream = {"queue.events": events(enter_per_s=100, take_per_s=taken / 5, span_s=5)}
    assert (capacity(seen(loaded() | stream | unended), SCOPE) is not None) == is_told


def test_a_burst_that_is_over_is_no_rate() -> None:
    """Four hundred came within a second, and between the two counts, later, only four: arrivals are two a second."""
    steps = [(ago_ms(60), "completed"), *((ago_ms(1.5), "waiting") for _ in range(400)), (ago_ms(1), "active")]
    stream = QueueEvents(
        queue=QUEUE,
        at_ms=tuple(at for at, _ in steps),
        kind=tuple(kind for _, kind in steps),
        complete_since_ms=ago_ms(60),
    )
    state = queue(counts(wait=400, active=50, last_id=1004), counts(wait=410, active=50, last_id=1000))
    found = flows(seen({"queue.state": state, "queue.events": stream}), QUEUE)
    assert found is not None
    assert found.arrivals.value == pytest.approx(2.0, rel=0.1)


def test_measured_slots_are_held_as_littles_law_says() -> None:
    """50 slots full, 10 jobs taken a second: each holds its slot for 5 s, whatever its own clock says."""
    assert room(loaded()).length.value == pytest.approx(5.0, rel=0.03)


@pytest.mark.parametrize(
    ("limit", "wanted"),
    [(500.0, 0.0), (999.0, 0.0), (1000.0, 0.1), (1199.0, 20.0), (1999.0, 100.0)],
)
def test_time_until_a_limit_is_exceeded(limit: float, wanted: float) -> None:
    """Strictly more than the limit: at 1000 jobs, 1000 is exceeded by the next one."""
    found = room(loaded(enter_per_s=20.0)).reaches_s(limit)
    assert found.value == pytest.approx(wanted, rel=0.05, abs=0.02)


def test_a_falling_backlog_reaches_no_limit_above() -> None:
    """It is on its way down."""
    assert room(loaded()).reaches_s(1500.0).value == inf


def test_two_counts_tell_flows_without_a_stream() -> None:
    """The id counter gives arrivals; arrivals less the growth of the depth were taken."""
    now = counts(wait=980, active=50, last_id=9000)
    before = replace(now, wait=1000, last_id=8990)
    changes = {"queue.state": queue(now, before), "queue.events": FailureKind.UNAUTHORIZED}
    found = flows(seen(changes), QUEUE)
    assert found is not None
    assert (found.arrivals.value, found.taken.value) == (5.0, 15.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"queue.state": FailureKind.TIMEOUT},
        {"queue.state": queue(counts(wait=None))},
        {"queue.state": queue(counts(last_id=None)), "queue.events": None},
        {
            "worker.health": FailureKind.TIMEOUT,
            "worker.metrics": FailureKind.TIMEOUT,
            "railway.service": FailureKind.UNAUTHORIZED,
        },
        {
            "queue.jobs": rows(rows=()),
            "worker.log": log(done=0),
            "worker.metrics": metrics(sample(average_ms=None)),
        },
    ],
)
def test_nothing_is_made_up(changes: Changes) -> None:
    """Without depth, flows, slots or job length there is no room to speak of."""
    assert capacity(seen(changes), SCOPE) is None


def test_slots_are_told_by_the_worker_else_by_railway() -> None:
    """The variable is what the next start uses; it counts only where no replica answers."""
    assert slots_held(seen({"worker.health": health(concurrency=50), "worker.metrics": None}), SCOPE).count == 100
    gone: Changes = {
        "worker.health": unanswered(Answer.EDGE_ERROR, 502),
        "worker.metrics": unanswered_metrics(Answer.EDGE_ERROR, 502),
    }
    held = slots_held(seen(gone), SCOPE)
    assert (held.count, held.is_told) == (50, False)
    odd = Variable(name="JOB_CONCURRENCY", length=3, shape="text", fingerprint="", value="x25")
    assert slots_held(seen({**gone, "railway.service": service(variables=(odd,))}), SCOPE).count == 0


def test_three_replicas_met_are_three_replicas() -> None:
    """Whatever the profile expects, where Railway is not seen."""
    met = metrics(*(sample(started_at=ago(n * 1000)) for n in (1, 2, 3)))
    held = slots_held(seen({"worker.metrics": met, "railway.service": FailureKind.UNAUTHORIZED}), SCOPE)
    assert (held.replicas, held.count) == (3, 75)


@given(st.integers(0, 5000), st.integers(0, 2000), st.floats(0.5, 40), st.floats(0.5, 40))
def test_more_waiting_never_drains_sooner(wait: int, more: int, enter: float, take: float) -> None:
    """The same flows, a longer queue; among queues with a backlog, where the rate is that of the slots."""
    shorter, longer = (
        room(loaded(wait=n, enter_per_s=enter, take_per_s=take)).drain_s() for n in (100 + wait, 100 + wait + more)
    )
    assert 0 <= shorter.value <= longer.value
    assert shorter.low <= longer.low


@given(st.floats(0.5, 20), st.floats(0.1, 20), st.floats(2, 24))
def test_more_arrivals_never_drain_sooner(enter: float, more: float, take: float) -> None:
    """Within what counting whole events can tell."""
    calm, busy = (room(loaded(enter_per_s=rate, take_per_s=take)).drain_s() for rate in (enter, enter + more))
    assert calm.value <= busy.value * 1.05 + 1


@given(st.floats(0.5, 20), st.floats(0.5, 24))
def test_flows_conserve_jobs(enter: float, take: float) -> None:
    """What enters less what is taken is what the depth grows by: the net of the stream over its span."""
    stream = events(enter_per_s=enter, take_per_s=take)
    net = sum({"waiting": 1, "active": -1}.get(kind, 0) for kind in stream.kind)
    found = flows(seen({"queue.events": stream}), QUEUE)
    assert found is not None
    assert (found.arrivals.value - found.taken.value) * 60 == pytest.approx(net, abs=5)


@pytest.mark.parametrize(
    ("limits", "usable", "most"),
    [
        ({}, 50, 25.0),
        ({"concurrency_limit": 10}, 10, 5.0),
        ({"concurrency_limit": 50}, 50, 25.0),
        ({"concurrency_limit": 60}, 50, 25.0),
        ({"rate_max_jobs": 8, "rate_window_ms": 2000}, 50, 4.0),
        ({"rate_max_jobs": 800, "rate_window_ms": 2000}, 50, 25.0),
        ({"rate_max_jobs": 8, "rate_window_ms": None}, 50, 25.0),
        ({"concurrency_limit": 10, "rate_max_jobs": 8, "rate_window_ms": 2000}, 10, 4.0),
    ],
)
def test_the_queue_s_own_limits_cap_what_the_slots_could_do(limits: dict, usable: int, most: float) -> None:
    """50 slots of 2 s are 25 jobs/s, or what the queue allows."""
    found = room(loaded(wait=3, active=3, take_per_s=2.0, **limits))
    assert found.usable == usable
    assert found.output.value == pytest.approx(most, rel=0.1)
    assert found.output.low <= found.output.value <= found.output.high


def test_a_rate_limit_s_pace_says_nothing_of_how_long_a_job_takes() -> None:
    """Four jobs a second begin and each takes two: eight slots, not fifty."""
    found = room(loaded(active=8, take_per_s=4.0, rate_max_jobs=8, rate_window_ms=2000))
    assert found.length.value == pytest.approx(2.0, rel=0.1)
    assert found.output.value == pytest.approx(4.0, rel=0.1)


@pytest.mark.parametrize(("span_s", "is_counted"), [(4.9, True), (5.0, False), (60.0, False)])
def test_a_stream_of_seconds_gives_way_to_the_two_counts_after_it(span_s: float, is_counted: bool) -> None:
    """It may be all burst: 500 jobs/s in, when only 3 came between the counts, two seconds apart."""
    before, now = counts(wait=1003, active=50, last_id=9000), counts(wait=1000, active=50, last_id=9003)
    state = QueueState(first=(before,), second=(now,), gap_s=2.0)
    told = {"queue.state": state, "queue.events": events(enter_per_s=500.0, take_per_s=10.0, span_s=span_s)}
    found = flows(seen(told), QUEUE)
    assert found is not None
    assert ("two counts" in str(found.arrivals.how)) == is_counted
