"""Who waited when, by jobs read in bulk."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.diagnoses import MINUTE, NOW_MS, QUEUE, counts, evidence, scope, seen
from tests.diagnostics.trends.logs import null_outside
from tests.diagnostics.trends.test_finished import history

from diagnostics import trends
from diagnostics.readings import JobRow, JobRows, QueueState

SINCE = NOW_MS - 60 * MINUTE
OLD = 300_000


def in_turn(gaps: list[int], runs: list[int]) -> list[tuple[int, int, int]]:
    """Jobs (added, started, ended) taken in turn by two slots."""
    free, at, found = [SINCE, SINCE], SINCE, []
    for gap, run in zip(gaps, runs, strict=True):
        at += gap
        start = max(at, min(free))
        free[free.index(min(free))] = start + run
        found.append((at, start, start + run))
    return found


lives = (
    st.integers(1, 60)
    .flatmap(
        lambda n: st.tuples(
            st.lists(st.integers(0, 20_000), min_size=n, max_size=n),
            st.lists(st.integers(1, 40_000), min_size=n, max_size=n),
        )
    )
    .map(lambda pair: [job for job in in_turn(*pair) if job[2] < NOW_MS])
)


def look(jobs: list[tuple[int, int, int]], *, since_ms: int = SINCE, waiting: int = 0, **state: int):
    """A large budget's look at these finished jobs."""
    told = history([(end, end - start, start - added, False) for added, start, end in jobs], since_ms=since_ms)
    newest = [
        JobRow(state="completed", name="n", added_ms=a, started_ms=s, finished_ms=e)
        for a, s, e in sorted(jobs, key=lambda job: job[2])[-1:]
    ]
    rows = JobRows(queue=QUEUE, method="SORT_RO", rows=tuple(newest), is_sample=False, history=told)
    now = counts(waiting, **{"completed": len(jobs), "last_id": 10**6, **state})
    return seen(
        evidence("queue.state", QueueState(first=(now,), second=(now,), gap_s=0.0)), evidence("queue.jobs", rows)
    )


def truly(jobs: list[tuple[int, int, int]], at: int) -> int:
    return sum(added <= at < started for added, started, _ in jobs)


@given(lives, st.randoms())
def test_every_instant_is_the_number_of_jobs_added_and_not_started(jobs, dice: random.Random) -> None:
    """In whatever order they are told."""
    shuffled = list(jobs)
    dice.shuffle(shuffled)
    series = trends.depth(look(shuffled), scope(), QUEUE)
    for at, value in zip(series.at_ms.tolist(), series.value.tolist(), strict=True):
        assert np.isnan(value) if at < series.since_ms else value == truly(jobs, at)


@given(lives)
def test_jobs_are_conserved_between_any_two_instants(jobs) -> None:
    """What came less what was taken is what the depth grew by."""
    series = trends.depth(look(jobs), scope(), QUEUE)
    known = np.isfinite(series.value)
    first, last = series.at_ms[known][0], series.at_ms[known][-1]
    moved = sum(first < added <= last for added, _, _ in jobs) - sum(first < start <= last for _, start, _ in jobs)
    assert series.value[known][-1] - series.value[known][0] == moved


@given(lives, st.integers(-30_000, 30_000), st.randoms())
def test_loss_duplication_and_skewed_clocks_never_give_a_negative_depth(jobs, skew, dice: random.Random) -> None:
    """The producer's clock is off, some rows are gone and some are there twice."""
    broken = [job for job in jobs if dice.random() > 0.3] + [job for job in jobs if dice.random() > 0.7]
    broken = [(min(added + skew, start), start, end) for added, start, end in broken]
    series = trends.depth(look(broken), scope(), QUEUE)
    assert (series.value[np.isfinite(series.value)] >= 0).all()
    assert null_outside(series)


def test_a_retried_job_has_not_waited_all_the_time() -> None:
    """It was added an hour ago and started just now, long after younger ones: stated as an error, not as a backlog."""
    jobs = in_turn([1000] * 100, [100] * 100)
    retried = (SINCE + 500, SINCE + 90_000, SINCE + 90_100)
    series = trends.depth(look([*jobs, retried]), scope(), QUEUE)
    assert np.nanmax(series.value) <= 1
    assert series.off_by == 6


def test_rows_thinned_out_by_retention_tell_nothing_from_before() -> None:
    """A hundred kept jobs of the last minutes say nothing about the hour before them."""
    jobs = in_turn([1000] * 100, [100] * 100)
    series = trends.depth(look(jobs), scope(), QUEUE)
    assert series.since_ms == jobs[0][2]
    for rate in (trends.throughput(look(jobs), scope()), trends.arrivals(look(jobs), scope())):
        assert rate.since_ms == jobs[0][2]
        assert null_outside(rate)


@pytest.mark.parametrize("kept", [49, 50])
def test_fewer_than_any_retention_keeps_are_all_there_were(kept: int) -> None:
    """The platform keeps fifty failed jobs where it keeps fewest."""
    jobs = in_turn([1000] * kept, [100] * kept)
    assert (trends.throughput(look(jobs), scope()).since_ms == SINCE) == (kept < 50)


def test_older_jobs_that_were_left_out_for_the_window_are_not_missing() -> None:
    """The set holds more than were read: retention has not reached the window."""
    jobs = in_turn([1000] * 100, [100] * 100)
    assert trends.throughput(look(jobs, completed=5000), scope()).since_ms == SINCE


def test_jobs_that_wait_now_end_the_span_with_the_youngest_that_was_taken() -> None:
    """They were added later: from then on the rows do not know who waits."""
    jobs = in_turn([1000] * 100, [100] * 100)
    series = trends.depth(look(jobs, waiting=7), scope(), QUEUE)
    known = series.at_ms[np.isfinite(series.value)]
    assert known[-1] == NOW_MS
    assert series.value[-1] == 7
    assert known[known < NOW_MS].max() < jobs[-1][0]


def test_running_jobs_count_as_having_waited_and_where_they_are_not_read_nothing_is_told() -> None:
    """One job waited ten seconds and runs; without its row the depth would be one too low."""
    jobs = in_turn([1000] * 100, [100] * 100)
    running = JobRow(
        state="active", name="n", added_ms=jobs[50][0] + 1, started_ms=jobs[50][0] + 1001, finished_ms=None
    )
    found = look(jobs, active=1)
    state, rows = found.evidence
    assert rows.reading is not None
    told = seen(state, replace(rows, reading=replace(rows.reading, rows=(running,))))
    more = trends.depth(told, scope(), QUEUE)
    at = int(np.searchsorted(more.at_ms, jobs[50][0] + 1))
    assert more.value[at] == truly(jobs, int(more.at_ms[at])) + (more.at_ms[at] < jobs[50][0] + 1001)
    assert "not yet started" not in str(trends.depth(look(jobs, active=30), scope(), QUEUE).source)


def test_priorities_let_jobs_overtake_so_rows_do_not_tell_who_waits() -> None:
    """A job that waits now may be older than the youngest that was taken."""
    jobs = in_turn([1000] * 100, [100] * 100)
    assert "not yet started" not in str(trends.depth(look(jobs, prioritized=3), scope(), QUEUE).source)
