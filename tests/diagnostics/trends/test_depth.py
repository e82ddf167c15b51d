"""The past depth of a queue."""

from __future__ import annotations

from datetime import timedelta
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.diagnoses import MINUTE, NOW, NOW_MS, QUEUE, counts, events, evidence, scope, seen, state

from diagnostics import trends
from diagnostics.readings import JobRow, JobRows, QueueState

SINCE = NOW_MS - 30 * MINUTE
ONE_STEP = {"waiting": 1, "active": -1, "completed": 0, "stalled": 0, "added": 0}


def honest(kinds: list[str], gaps: list[int]) -> tuple[list[tuple[int, str]], list[int]]:
    """Steps of a queue that starts empty and never starts a job it does not have, and the depth after each."""
    steps, depths, depth, at = [], [], 0, SINCE + 1
    for kind, gap in zip(kinds, gaps, strict=True):
        if kind == "active" and depth == 0:
            continue
        at += gap
        depth += ONE_STEP[kind]
        steps.append((at, kind))
        depths.append(depth)
    return steps, depths


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[tuple[int, str]], list[int]]:
    kinds = draw(st.lists(st.sampled_from(list(ONE_STEP)), max_size=200))
    gaps = draw(st.lists(st.integers(0, 8_000), min_size=len(kinds), max_size=len(kinds)))
    return honest(kinds, gaps)


@given(histories(), st.randoms())
def test_a_complete_stream_in_any_order_gives_the_true_depth_at_every_instant(history, random):
    steps, depths = history
    shuffled = list(steps)
    random.shuffle(shuffled)
    series = trends.depth(seen(state(depths[-1] if depths else 0), events(shuffled, since_ms=SINCE)), scope(), QUEUE)
    at = np.array([at for at, _ in steps], dtype=np.int64)
    for instant, value in zip(series.at_ms, series.value, strict=True):
        if instant < SINCE:
            assert np.isnan(value)
        else:
            before = int(np.searchsorted(at, instant, side="right"))
            assert value == (depths[before - 1] if before else 0)


@given(histories())
def test_jobs_are_conserved_between_any_two_instants(history):
    steps, depths = history
    series = trends.depth(seen(state(depths[-1] if depths else 0), events(steps, since_ms=SINCE)), scope(), QUEUE)
    known = np.isfinite(series.value)
    first, last = series.at_ms[known][0], series.at_ms[known][-1]
    moved = sum(ONE_STEP[kind] for at, kind in steps if first < at <= last)
    assert series.value[known][-1] - series.value[known][0] == moved


@given(histories(), st.integers(0, 50), st.randoms())
def test_lost_doubled_and_shuffled_steps_never_give_a_negative_depth(history, present, random):
    steps, _ = history
    broken = [step for step in steps if random.random() > 0.3] + [step for step in steps if random.random() > 0.7]
    random.shuffle(broken)
    series = trends.depth(seen(state(present), events(broken, since_ms=SINCE)), scope(), QUEUE)
    assert (series.value[np.isfinite(series.value)] >= 0).all()
    assert np.isnan(series.value[series.at_ms < series.since_ms]).all()
    assert series.value[-1] == present


@given(histories(), st.integers(0, 29))
def test_nothing_is_told_from_before_the_stream_is_complete(history, minutes):
    steps, depths = history
    cut = SINCE + minutes * MINUTE
    series = trends.depth(seen(state(depths[-1] if depths else 0), events(steps, since_ms=cut)), scope(), QUEUE)
    assert series.since_ms >= cut
    assert np.isnan(series.value[series.at_ms < cut]).all()


def test_a_lost_start_makes_the_time_before_it_unknown_not_wrong():
    """Ten starts without an entry long before the count: the walk cannot go below zero, so it stops."""
    steps = [(NOW_MS - 20 * MINUTE + n, "waiting") for n in range(10)]
    series = trends.depth(seen(state(3), events(steps, since_ms=SINCE)), scope(), QUEUE)
    assert series.since_ms > NOW_MS - 20 * MINUTE
    assert series.value[-1] == 3


def test_a_miscount_by_the_steps_under_way_costs_no_history():
    """A job that starts between two reads puts the count off by one; the day before stays."""
    steps = [(SINCE + MINUTE, "waiting"), (SINCE + 2 * MINUTE, "active"), (NOW_MS - 100, "waiting")]
    series = trends.depth(seen(state(0), events(steps, since_ms=SINCE)), scope(), QUEUE)
    assert series.since_ms == SINCE


@pytest.mark.parametrize("kind", ["cleaned", "removed"])
def test_nothing_is_told_from_before_jobs_were_taken_out_by_hand(kind):
    steps = [(SINCE + MINUTE, "waiting"), (SINCE + 5 * MINUTE, kind)]
    series = trends.depth(seen(state(1), events(steps, since_ms=SINCE)), scope(), QUEUE)
    assert series.since_ms == SINCE + 5 * MINUTE


def test_an_unknown_present_count_gives_no_series_and_says_so():
    series = trends.depth(seen(state(None), events([(SINCE, "waiting")], since_ms=SINCE)), scope(), QUEUE)
    assert series.is_empty
    assert "present depth of agent-jobs is not known" in str(series.source)


def test_an_empty_queue_is_a_zero_and_an_unseen_one_is_not():
    assert trends.depth(seen(state(0), events([], since_ms=SINCE)), scope(), QUEUE).value[-1] == 0
    assert trends.depth(seen(), scope(), QUEUE).is_empty


def test_without_any_source_of_the_past_the_one_count_stands_alone():
    series = trends.depth(seen(state(7)), scope(), QUEUE)
    assert np.isfinite(series.value).sum() == 1
    assert "no source tells its past" in str(series.source)


def test_a_stream_that_cannot_vouch_for_any_span_is_not_used():
    series = trends.depth(seen(state(7), events([(SINCE, "waiting")], since_ms=None)), scope(), QUEUE)
    assert "no source tells its past" in str(series.source)


def test_the_walk_starts_at_the_count_taken_nearest_to_the_steps():
    """The stream is read two seconds before the second count; the first count is the one it leads to."""
    earlier = QueueState(first=(counts(5),), second=(counts(9),), gap_s=2.0)
    read = evidence("queue.state", earlier, observed_at=NOW + timedelta(seconds=2))
    steps = [(SINCE + 10 * MINUTE + n, "waiting") for n in range(5)]
    series = trends.depth(seen(read, events(steps, since_ms=SINCE)), scope(), QUEUE)
    assert series.value[0] != series.value[0]
    assert series.value[series.at_ms >= SINCE][0] == 0
    assert series.value[-1] == 9


def rows(*jobs: JobRow, is_sample: bool = False):
    return evidence("queue.jobs", JobRows(queue=QUEUE, method="SORT_RO", rows=jobs, is_sample=is_sample))


def job(state: str, added: int, started: int | None = None, finished: int | None = None) -> JobRow:
    times = [None if m is None else NOW_MS - m * MINUTE for m in (added, started, finished)]
    return JobRow(state=state, name="n", added_ms=times[0], started_ms=times[1], finished_ms=times[2])


def test_job_rows_tell_the_depth_where_there_is_no_stream():
    """Two jobs added 20 and 15 minutes ago, the first started 10 minutes ago."""
    read = rows(job("completed", 20, 10, 9), job("wait", 15))
    series = trends.depth(seen(state(1, last_id=2), read), scope(), QUEUE)
    value = dict(zip((NOW_MS - series.at_ms) // MINUTE, series.value, strict=True))
    assert (value[17], value[12], value[5]) == (1, 2, 1)


def test_job_rows_tell_nothing_from_before_the_oldest_finished_job_they_kept():
    kept = [job("completed", 100, n + 1, n) for n in range(20)]
    series = trends.depth(seen(state(0, last_id=500), rows(*kept)), scope(), QUEUE)
    assert series.since_ms == NOW_MS - 19 * MINUTE


def test_rows_without_the_waiting_jobs_are_not_used():
    """They would show today's depth as if it had always been there."""
    kept = [job("completed", 100, n + 1, n) for n in range(20)]
    series = trends.depth(seen(state(2652, last_id=5000), rows(*kept)), scope(), QUEUE)
    assert "no source tells its past" in str(series.source)


def test_a_delayed_job_is_not_ready():
    series = trends.depth(seen(state(0, last_id=1), rows(job("delayed", 10))), scope(), QUEUE)
    assert np.nanmax(series.value) == 0


def test_the_source_that_reaches_back_further_wins():
    read = rows(job("completed", 100, 90, 80), job("wait", 70))
    few = events([(NOW_MS - MINUTE, "waiting")], since_ms=NOW_MS - 2 * MINUTE)
    assert "rows of 2 jobs" in str(trends.depth(seen(state(1, last_id=2), few, read), scope(), QUEUE).source)
    many = events([(NOW_MS - MINUTE, "waiting")], since_ms=NOW_MS - 170 * MINUTE)
    assert "event stream" in str(trends.depth(seen(state(1, last_id=2), read, many), scope(), QUEUE).source)


def test_the_main_queue_is_the_deepest_that_the_profile_names():
    facts = scope().facts
    both = QueueState(first=(), second=(counts(1), counts(5, name="other")), gap_s=0)
    asked = scope(facts=type(facts)(queue_names=(QUEUE, "other")))
    assert trends.main_queue(seen(evidence("queue.state", both)), asked) == "other"
    assert trends.main_queue(seen(), asked) == QUEUE


def test_the_running_total_of_the_helper_is_the_depth():
    """Guards the tests' own arithmetic."""
    steps, depths = honest(["waiting", "active", "active", "waiting"], [1, 1, 1, 1])
    assert depths == list(accumulate(ONE_STEP[kind] for _, kind in steps))
