"""Replicas behind one address: told apart and recognised by start and totals."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics import healthy

from diagnostics.readings import JobTypeTotals, ReplicaSample
from diagnostics.replicas import Replicas, newest

BOOTED_MS = 1_000_000


def sample(started_ms: int, *done: int, off_s: float = 0.02, at_s: float = 0) -> ReplicaSample:
    """An answer of a replica that has done so many jobs of each type."""
    kinds = tuple(JobTypeTotals(name=f"t{n}", completed=c, failed=0, average_ms=None) for n, c in enumerate(done))
    return healthy.sample(
        at=datetime.fromtimestamp(2000 + at_s, UTC),
        started_at=datetime.fromtimestamp(started_ms / 1000, UTC),
        start_off_s=off_s,
        attempts=sum(done),
        completed=sum(done),
        failed=0,
        by_type=kinds,
    )


def test_a_replica_is_recognised_by_its_start_and_by_totals_that_only_grow() -> None:
    """A start wobbles by the time of an answer; who has done less is another."""
    replicas = Replicas({BOOTED_MS: 50.0})
    assert replicas.name(sample(BOOTED_MS + 20, 51)) == BOOTED_MS
    assert replicas.name(sample(BOOTED_MS + 10, 4)) == BOOTED_MS + 10
    assert replicas.name(sample(BOOTED_MS + 12, 5)) == BOOTED_MS + 10
    assert replicas.name(sample(BOOTED_MS + 70, 60)) == BOOTED_MS + 70


def test_replicas_of_one_deployment_are_told_apart_by_what_they_did() -> None:
    """They started within one slow answer of each other: the one that did least since is the likeliest."""
    replicas = Replicas()
    one, other = (replicas.name(sample(BOOTED_MS, *done, off_s=0.4)) for done in ((100, 20), (90, 25)))
    assert one != other
    for n in range(1, 30):
        assert replicas.name(sample(BOOTED_MS + n, 100 + n, 20, off_s=0.4)) == one
        assert replicas.name(sample(BOOTED_MS - n, 90 + n, 25 + n, off_s=0.4)) == other


def test_the_newest_answer_of_each_replica_counts() -> None:
    """Whatever the order they are given in; a restart is another replica."""
    answers = [
        sample(BOOTED_MS, 9, at_s=2),
        sample(BOOTED_MS, 8, at_s=1),
        sample(BOOTED_MS + 900, 3, at_s=1),
        sample(BOOTED_MS + 60_000, 0, at_s=3),
    ]
    assert sorted(s.attempts for s in newest(answers)) == [0, 3, 9]
    assert newest([]) == ()


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 5), st.integers(0, 5)), max_size=40), st.floats(0, 0.5))
def test_no_total_ever_falls_and_none_is_counted_twice(steps: list[tuple[int, int, int]], off_s: float) -> None:
    """However little their starts tell, what is summed over their names is what they did."""
    replicas, done = Replicas(), {0: [400, 0], 1: [0, 400]}
    told: dict[int, int] = {}
    for which in (0, 1):
        told[replicas.name(sample(BOOTED_MS + which, *done[which], off_s=off_s))] = sum(done[which])
    for which, first, second in steps:
        done[which][0] += first
        done[which][1] += second
        answer = sample(BOOTED_MS + which, *done[which], off_s=off_s)
        name = replicas.name(answer)
        assert told.get(name, 0) <= answer.attempts
        told[name] = answer.attempts
    both = [sample(BOOTED_MS + which, *done[which], off_s=off_s) for which in (0, 1)]
    for answer in both:
        told[replicas.name(answer)] = answer.attempts
    assert sum(told.values()) == sum(answer.attempts for answer in both)
