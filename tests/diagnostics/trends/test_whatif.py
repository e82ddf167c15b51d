"""What a change would do: the time it saves, or the harm it does."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.healthy import SCOPE, Changes, found, health, metrics, sample, seen
from tests.diagnostics.trends.test_capacity import loaded, room

from diagnostics.model import Finding
from diagnostics.severity import Severity
from diagnostics.text import text
from diagnostics.trends.capacity import capacity
from diagnostics.trends.jobtypes import JobType
from diagnostics.trends.whatif import SLOWER, Lever, WhatIf, told_drain, what_ifs

FAST = JobType(name="a", count=90, share=0.9, mean_s=1.0, p95_s=2.0, slot_share=0.45, failed=0, limited=0)
SLOW = JobType(name="b", count=10, share=0.1, mean_s=11.0, p95_s=20.0, slot_share=0.55, failed=0, limited=0)


def changes(of: Changes, *findings: Finding, types: tuple[JobType, ...] = (), slower: float | None = None) -> dict:
    """Each change by lever and text."""
    return {str(c.change): c for c in what_ifs(room(of), types=types, findings=findings, slower=slower)}


def finding(check: str, state: str) -> Finding:
    return Finding(id=check, severity=Severity.WARNING, state=state, sentence=text("so"))


def test_capacity_grows_with_the_slots() -> None:
    """1000 jobs, 10 jobs/s on 50 slots, 2 jobs/s arrive: 100 slots drain it in 56 s, 75 in 77 s."""
    told = changes(loaded())
    assert told["JOB_CONCURRENCY 25 → 50"].drain_s.value == pytest.approx(1000 / 18, rel=0.03)
    assert told["replicas 2 → 3"].drain_s.value == pytest.approx(1000 / 13, rel=0.03)
    assert told["replicas 2 → 4"].drain_s.value == pytest.approx(1000 / 18, rel=0.03)
    assert all(c.harm is None for c in told.values())


@pytest.mark.parametrize(("now", "then"), [(1, 25), (5, 25), (24, 25), (25, 50), (50, 100)])
def test_concurrency_is_raised_to_the_usual_first(now: int, then: int) -> None:
    """A lowered setting goes back to 25, the usual one to its double."""
    of = {
        **loaded(active=2 * now),
        "worker.health": health(concurrency=now),
        "worker.metrics": metrics(sample(concurrency=now)),
    }
    assert f"JOB_CONCURRENCY {now} → {then}" in changes(of)


def test_pausing_a_producer_takes_its_share_of_arrivals() -> None:
    """The type that holds most slot time: 10 % of 8 jobs/s do not arrive."""
    told = changes(loaded(enter_per_s=8.0), types=(SLOW, FAST))
    paused = next(c for c in told.values() if c.lever is Lever.PRODUCER)
    assert paused.drain_s.value == pytest.approx(1000 / (10 - 7.2), rel=0.05)


def test_mending_the_slow_type_gives_its_time_to_the_others() -> None:
    """A mean of 2 s becomes 1 s: the same slots take twice as many."""
    told = changes(loaded(), types=(SLOW, FAST))
    mended = next(c for c in told.values() if c.lever is Lever.SLOW_TYPE)
    assert mended.drain_s.value == pytest.approx(1000 / 18, rel=0.03)


def test_types_of_one_length_need_no_mending() -> None:
    """Nothing stands out."""
    same = JobType(name="b", count=10, share=0.1, mean_s=1.5, p95_s=2.0, slot_share=0.1, failed=0, limited=0)
    assert not [c for c in changes(loaded(), types=(FAST, same)).values() if c.lever is Lever.SLOW_TYPE]


HARMS = [
    ("jobs.reason", "openrouter_rate_limited", {Lever.CONCURRENCY, Lever.REPLICAS}),
    ("openrouter.account", "openrouter_rate_limited", {Lever.CONCURRENCY, Lever.REPLICAS}),
    ("jobs.reason", "database", {Lever.CONCURRENCY, Lever.REPLICAS}),
    ("queue.progress", "hung", {Lever.CONCURRENCY, Lever.REPLICAS}),
    ("worker.endpoints", "both_silent", {Lever.CONCURRENCY}),
    ("worker.endpoints", "partly_silent", {Lever.CONCURRENCY}),
    ("queue.stalled", "stalled", {Lever.CONCURRENCY}),
    ("worker.errors", "lock_lost", {Lever.CONCURRENCY}),
    ("worker.errors", "heap_full", {Lever.CONCURRENCY}),
    ("worker.restarts", "killed", {Lever.CONCURRENCY}),
]


@pytest.mark.parametrize(("check", "state", "levers"), HARMS)
def test_what_makes_it_worse_says_so(check: str, state: str, levers: set[Lever]) -> None:
    """Outside limits forbid any slots; what one process suffers from forbids more slots in it, not more replicas."""
    told = changes(loaded(), finding(check, state), types=(SLOW, FAST)).values()
    assert {c.lever for c in told if c.harm is not None} == levers
    assert all(str(c.effect).startswith("this will make it worse: ") for c in told if c.harm is not None)


@pytest.mark.parametrize(("slower", "is_harm"), [(None, False), (1.0, False), (SLOWER - 0.01, False), (SLOWER, True)])
def test_slower_jobs_wait_for_something_else(slower: float | None, is_harm: bool) -> None:
    """From one and a half times as long on, more at once is not the remedy."""
    told = changes(loaded(), slower=slower)["JOB_CONCURRENCY 25 → 50"]
    assert (told.harm is not None) == is_harm


@pytest.mark.parametrize("check", ["jobs.reason", "queue.stalled"])
def test_a_good_state_is_no_harm(check: str) -> None:
    """What the checks say of a healthy platform forbids nothing."""
    assert all(c.harm is None for c in changes(loaded(), found(check)).values())


@given(st.floats(0.5, 30), st.floats(1, 24))
def test_more_slots_never_drain_later(enter: float, take: float) -> None:
    """Where nothing forbids them: the order of the sizes is the order of the times."""
    of = loaded(enter_per_s=enter, take_per_s=take)
    here = capacity(seen(of), SCOPE)
    assert here is not None
    three, four = (changes(of)[f"replicas 2 → {n}"].drain_s.value for n in (3, 4))
    assert four <= three <= here.drain_s().value


def test_the_formula_shows_its_inputs() -> None:
    """Numbers a person can check."""
    told: WhatIf = changes(loaded())["replicas 2 → 4"]
    assert str(told.formula).startswith("1000 jobs / (")
    assert "- 2" in str(told.formula)


def test_a_drain_is_told_with_its_doubt() -> None:
    """Finite, doubtful, and not at all."""
    words = [str(told_drain(room(loaded(enter_per_s=rate)).drain_s())) for rate in (2.0, 9.5, 12.0)]
    assert words[0].startswith("drains in 2 min (")
    assert "if at all (at best" in words[1]
    assert words[2] == "does not drain, it grows"
    assert room(loaded(enter_per_s=12.0)).drain_s().value == inf


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"concurrency_limit": 10, "active": 10}, "agent-jobs allows 10 active jobs for all workers together"),
        ({"rate_max_jobs": 10, "rate_window_ms": 1000, "active": 9}, "agent-jobs begins at most 10 jobs in 1 s"),
        ({"active": 3, "take_per_s": 1.0}, "slots are free: 3 of 50 are in use"),
        ({"is_paused": True}, "agent-jobs is paused: resume it first"),
    ],
)
def test_more_slots_change_nothing_where_something_else_decides(limits: dict, why: str) -> None:
    """The queue's own limit, its pause, or slots that are free already: said instead of a forecast."""
    slots = [c for c in changes(loaded(**limits)).values() if c.lever in (Lever.CONCURRENCY, Lever.REPLICAS)]
    assert {str(c.effect) for c in slots} == {f"no effect: {why}"}


def test_slots_help_up_to_the_limit() -> None:
    """60 active jobs are allowed: a third replica brings ten slots, a fourth none."""
    told = changes(loaded(concurrency_limit=60))
    assert told["replicas 2 → 3"].drain_s.value == pytest.approx(1000 / 10, rel=0.03)
    assert told["replicas 2 → 4"].drain_s.value == told["replicas 2 → 3"].drain_s.value
    assert all(c.idle is None for c in told.values())


def test_a_slower_producer_helps_whatever_the_limit() -> None:
    """Ten jobs a second are begun and eight arrive; without a tenth of them it drains sooner."""
    told = changes(loaded(enter_per_s=8.0, rate_max_jobs=10, rate_window_ms=1000, active=20), types=(SLOW, FAST))
    paused = next(c for c in told.values() if c.lever is Lever.PRODUCER)
    assert paused.idle is None
    assert paused.drain_s.value == pytest.approx(1000 / (10 - 7.2), rel=0.05)
