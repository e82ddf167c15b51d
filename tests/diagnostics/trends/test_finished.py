"""Finished jobs in bulk: columns become instants again, and trends use them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.diagnoses import MINUTE, NOW, NOW_MS, QUEUE, evidence, scope, seen

from diagnostics import trends
from diagnostics.readings import JobHistory, JobRow, JobRows, QueueCounts, QueueState
from diagnostics.trends.finished import finished


def history(jobs: list[tuple[int, int, int, bool]], *, since_ms: int = 0) -> JobHistory:
    """Columns of jobs (end, run, wait, failed), as the client makes them."""
    ordered = sorted(jobs, key=lambda job: -job[0])
    ends = [job[0] for job in ordered]
    return JobHistory(
        queue=QUEUE,
        newest_ms=ends[0] if ends else since_ms,
        step_ms=tuple(a - b for a, b in zip(ends, ends[1:] + ends[-1:], strict=True)),
        wait_ms=tuple(job[2] for job in ordered),
        run_ms=tuple(job[1] for job in ordered),
        has_failed=tuple(job[3] for job in ordered),
        kept_jobs=len(ordered),
        since_ms=since_ms,
        is_cut=False,
    )


spans = st.integers(-1, 10**6)
some_jobs = st.lists(st.tuples(st.integers(10**7, 2 * 10**12), spans, spans, st.booleans()), max_size=50)


@given(some_jobs)
def test_columns_are_the_jobs_they_were_made_of(jobs: list[tuple[int, int, int, bool]]) -> None:
    """No job is lost, none is added, and what is not on record stays unknown."""
    found = finished(history(jobs))
    rebuilt = sorted(zip(found.finished_ms.tolist(), found.has_failed.tolist(), strict=True))
    assert rebuilt == sorted((end, failed) for end, _, _, failed in jobs)
    for end, run, wait, _ in jobs:
        here = found.finished_ms == end
        assert (end - run if run >= 0 else -1) in found.started_ms[here]
        assert (end - run - wait if run >= 0 and wait >= 0 else -1) in found.added_ms[here]


def looked(jobs: list[tuple[int, int, int, bool]], since_ms: int):
    """The newest row, as the client always reads a few, and a history."""
    newest = JobRow(state="completed", name="n", added_ms=NOW_MS - 9, started_ms=NOW_MS - 8, finished_ms=NOW_MS - 7)
    counts = QueueCounts(name=QUEUE, is_present=True, wait=0, paused=0, prioritized=0, last_id=10**6)
    rows = JobRows(
        queue=QUEUE, method="SORT_RO", rows=(newest,), is_sample=False, history=history(jobs, since_ms=since_ms)
    )
    return seen(
        evidence("queue.state", QueueState(first=(), second=(counts,), gap_s=0), observed_at=NOW),
        evidence("queue.jobs", rows, observed_at=NOW),
    )


def test_throughput_and_failures_count_every_job_of_the_span() -> None:
    """Six a minute for an hour, one of them failed; before the history's span nothing is claimed."""
    jobs = [(NOW_MS - 5000 - 10_000 * n, 2000, 1000, n % 6 == 0) for n in range(360)]
    found = looked(jobs, NOW_MS - 60 * MINUTE)
    done = trends.throughput(found, scope(minutes=180), bins=60)
    inside = done.at_ms >= NOW_MS - 60 * MINUTE
    known = np.isfinite(done.value)
    assert not known[~inside].any()
    assert np.isclose(done.value[known].sum() * done.step_ms / MINUTE, 300)
    ratio = trends.failure_ratio(found, scope(minutes=180))
    assert np.allclose(ratio.value[np.isfinite(ratio.value)], 1 / 6, atol=0.05)


def test_percentiles_come_from_all_of_them() -> None:
    """Waits and runs of every job, not of the newest hundred."""
    found = looked([(NOW_MS - n, 2000 + n, 1000, False) for n in range(1000)], NOW_MS - MINUTE)
    waited = trends.wait_percentiles(found, scope())
    took = trends.processing_percentiles(found, scope())
    assert waited is not None
    assert took is not None
    assert (waited.count, waited.p50_s, took.count) == (1000, 1.0, 1000)
    assert np.isclose(took.p50_s, 2.4995)
