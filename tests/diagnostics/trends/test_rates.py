"""Arrivals, throughput and failed share."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.diagnoses import MINUTE, NOW, NOW_MS, QUEUE, events, evidence, scope, seen, state

from diagnostics import trends
from diagnostics.readings import Answer, JobRow, JobRows, LogEvent, ReplicaSample, WorkerLog, WorkerMetrics


def log(lines: list[tuple[int, str]], *, minutes: int | None):
    """Log lines, complete over the last `minutes`."""
    since = None if minutes is None else NOW_MS - minutes * MINUTE
    told = tuple(LogEvent(at_ms=at, level="info", event=event) for at, event in lines)
    return evidence("worker.log", WorkerLog(events=told, since_ms=since, until_ms=NOW_MS, is_truncated=minutes is None))


def metrics(*samples: ReplicaSample):
    return evidence("worker.metrics", WorkerMetrics(answer=Answer.OK, status_code=200, samples=samples))


def replica(*, minutes: float, completed: int, failed: int) -> ReplicaSample:
    return ReplicaSample(
        at=NOW,
        started_at=NOW - timedelta(minutes=minutes),
        attempts=completed + failed,
        completed=completed,
        failed=failed,
        processing=0,
        redis_connected=True,
        redis_symptom=None,
        redis_error="",
        reconnects=0,
        concurrency=25,
        queue_name=QUEUE,
        average_ms=None,
    )


@given(st.lists(st.integers(0, 60 * MINUTE), max_size=200), st.integers(1, 80))
def test_throughput_counts_every_job_of_the_span_once(ages, bins):
    lines = [(NOW_MS - age, "job.complete") for age in ages]
    series = trends.throughput(seen(log(lines, minutes=120)), scope(), bins)
    inside = np.isfinite(series.value)
    assert series.value[inside].sum() * series.step_ms / MINUTE == pytest.approx(len(ages))
    assert (series.value[inside] >= 0).all()


@given(st.lists(st.tuples(st.integers(0, 120 * MINUTE), st.booleans()), max_size=200))
def test_the_failed_share_stays_between_none_and_all_and_is_unknown_where_nothing_finished(ends):
    lines = [(NOW_MS - age, "job.failed" if failed else "job.complete") for age, failed in ends]
    series = trends.failure_ratio(seen(log(lines, minutes=120)), scope(), 36)
    known = series.value[np.isfinite(series.value)]
    assert ((known >= 0) & (known <= 1)).all()
    assert series.is_empty == (not ends)


def test_nothing_finished_is_a_throughput_of_zero_but_no_failed_share():
    silent = seen(log([], minutes=60))
    assert np.nanmax(trends.throughput(silent, scope()).value) == 0
    assert trends.failure_ratio(silent, scope()).is_empty


def test_outside_the_span_of_its_source_a_rate_is_unknown():
    series = trends.throughput(seen(log([(NOW_MS - MINUTE, "job.complete")], minutes=30)), scope())
    assert np.isnan(series.value[series.at_ms < NOW_MS - 30 * MINUTE]).all()
    assert series.since_ms >= NOW_MS - 30 * MINUTE


def test_a_log_that_cannot_vouch_for_a_span_is_not_used():
    assert trends.throughput(seen(log([(NOW_MS, "job.complete")], minutes=None)), scope()).is_empty


def test_the_longest_source_wins_and_names_itself():
    stream = events([(NOW_MS - MINUTE, "completed")], since_ms=NOW_MS - 90 * MINUTE)
    short, long = log([], minutes=10), log([], minutes=170)
    assert "event stream" in str(trends.throughput(seen(short, stream), scope()).source)
    assert "log lines" in str(trends.throughput(seen(long, stream), scope()).source)


def test_job_rows_tell_what_finished_where_nothing_else_does():
    rows = tuple(
        JobRow(
            state="failed" if n == 0 else "completed",
            name="n",
            added_ms=1,
            started_ms=2,
            finished_ms=NOW_MS - n * MINUTE,
        )
        for n in range(10)
    )
    read = evidence("queue.jobs", JobRows(queue=QUEUE, method="HMGET", rows=rows, is_sample=False))
    series = trends.failure_ratio(seen(state(0, last_id=10), read), scope(), 3)
    assert "rows of 10 jobs" in str(series.source)
    assert np.nanmax(series.value) > 0


def test_totals_give_one_average_when_nothing_tells_more():
    both = metrics(replica(minutes=60, completed=300, failed=100), replica(minutes=50, completed=300, failed=100))
    ratio, rate = trends.failure_ratio(seen(both), scope()), trends.throughput(seen(both), scope())
    assert ratio.value[np.isfinite(ratio.value)] == pytest.approx([0.25])
    assert rate.value[np.isfinite(rate.value)] == pytest.approx([11.0])
    assert "totals" in str(ratio.source)


def test_a_replica_that_was_restarted_counts_by_its_own_life():
    both = metrics(replica(minutes=600, completed=600, failed=0), replica(minutes=10, completed=10, failed=0))
    rate = trends.throughput(seen(both), scope())
    assert rate.value[np.isfinite(rate.value)] == pytest.approx([2.0])
    assert (
        str(rate.source) == f"average of the worker's totals since {NOW - timedelta(minutes=600):%Y-%m-%d %H:%M:%S} UTC"
    )
    assert trends.lately(rate)[0] is None


def test_a_source_that_saw_nothing_finish_is_not_replaced_by_an_average_that_hides_it():
    both = seen(log([], minutes=60), metrics(replica(minutes=60, completed=300, failed=100)))
    series = trends.failure_ratio(both, scope())
    assert series.is_empty
    assert "log lines" in str(series.source)
    assert series.until_ms - series.since_ms == 60 * MINUTE


def test_a_short_life_before_a_long_silence_is_not_lost_between_bins():
    lines = [(NOW_MS - 30 * MINUTE + n, "job.complete") for n in range(100)]
    series = trends.failure_ratio(seen(log(lines, minutes=31)), scope(), 36)
    assert not series.is_empty


def test_totals_of_a_worker_that_did_nothing_give_no_share():
    assert trends.failure_ratio(seen(metrics(replica(minutes=60, completed=0, failed=0))), scope()).is_empty


def test_arrivals_count_added_jobs_not_their_returns_to_the_queue():
    steps = [(NOW_MS - MINUTE, kind) for kind in ("added", "waiting", "waiting", "active")]
    series = trends.arrivals(seen(state(1), events(steps, since_ms=NOW_MS - 60 * MINUTE)), scope())
    assert np.nansum(series.value) * series.step_ms / MINUTE == pytest.approx(1)


def test_without_any_source_the_series_is_empty_and_says_so():
    series = trends.arrivals(seen(), scope())
    assert series.is_empty
    assert str(series.source) == "no source tells this for the window"
    assert list(series.at_ms) == [NOW_MS - 180 * MINUTE, NOW_MS]


def test_rows_that_lack_the_waiting_jobs_know_no_arrivals():
    """A thousand jobs came and none was taken: the rows of finished ones must not call that nothing a minute."""
    from tests.diagnostics import healthy

    from diagnostics.trends import arrivals

    told = {"queue.state": healthy.queue(healthy.counts(wait=1000)), "queue.jobs": healthy.rows(), "queue.events": None}
    told["history.samples"] = None
    found = arrivals(healthy.seen(told), healthy.SCOPE)
    assert found.is_empty
