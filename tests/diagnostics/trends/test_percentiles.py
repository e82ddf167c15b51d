"""How long jobs wait and take."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.diagnostics.diagnoses import NOW_MS, QUEUE, evidence, scope, seen

from diagnostics.readings import JobRow, JobRows, LogEvent, WorkerLog
from diagnostics.trends import processing_percentiles, wait_percentiles


def rows(*spans: tuple[int, int]):
    """Jobs that waited and took these milliseconds and have just finished."""
    jobs = tuple(
        JobRow(state="completed", name="n", added_ms=NOW_MS - wait - took, started_ms=NOW_MS - took, finished_ms=NOW_MS)
        for wait, took in spans
    )
    return evidence("queue.jobs", JobRows(queue=QUEUE, method="SORT_RO", rows=jobs, is_sample=False))


def test_percentiles_are_in_seconds():
    found = wait_percentiles(seen(rows((1000, 15_000), (3000, 17_000))), scope())
    assert found is not None
    assert (found.count, found.p50_s) == (2, 2.0)
    took = processing_percentiles(seen(rows((1000, 15_000), (3000, 17_000))), scope())
    assert took is not None
    assert took.p50_s == 16.0


def test_a_span_below_zero_is_a_clock_skew_and_not_counted():
    found = wait_percentiles(seen(rows((-500, 1000), (2000, 1000))), scope())
    assert found is not None
    assert found.count == 1


def test_log_lines_tell_processing_where_there_are_no_rows():
    line = LogEvent(at_ms=NOW_MS, level="info", event="job.complete", duration_ms=1500.0)
    log = evidence("worker.log", WorkerLog(events=(line,), since_ms=0, until_ms=NOW_MS, is_truncated=False))
    found = processing_percentiles(seen(log), scope())
    assert found is not None
    assert found.p99_s == pytest.approx(1.5)


def test_no_job_is_no_percentile():
    assert wait_percentiles(seen(), scope()) is None
    assert processing_percentiles(seen(), scope()) is None


@pytest.mark.parametrize("module", ["diagnostics.trends", "diagnostics.report.verdict", "oncall.terminal"])
def test_what_triage_needs_does_not_load_pandas_or_matplotlib(module):
    loaded = f"import sys, {module}; print([m for m in ('pandas', 'matplotlib') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "[]"
