"""Job types: how often, how long, how much of the slots."""

from __future__ import annotations

import pytest
from tests.diagnostics.healthy import line, log, metrics, rows, sample, seen

from diagnostics.model import FailureKind
from diagnostics.readings import JobTypeTotals, LogEvent, Symptom
from diagnostics.trends.jobtypes import job_types, lengths_s, slowdown


def done(count: int, name: str, ms: float, *, ago_s: float = 10.0) -> list[LogEvent]:
    return [line(ago_s + i / 10, "job.complete", job_name=name, duration_ms=ms) for i in range(count)]


def test_the_type_that_holds_most_slot_time_comes_first() -> None:
    """Ten jobs of 9 s hold three times as much as thirty of 1 s."""
    types, _ = job_types(seen({"worker.log": log(*done(10, "slow", 9000), *done(30, "quick", 1000), done=0)}))
    assert [t.name for t in types] == ["slow", "quick"]
    assert (types[0].slot_share, types[0].share) == pytest.approx((0.75, 0.25))
    assert (types[0].p95_s, types[1].p95_s) == (None, 1.0)


def test_failed_attempts_hold_slots_too_and_say_what_limits_them() -> None:
    """A refused attempt counts with the time it held its slot."""
    refused = [
        line(5, "job.failed", job_name="kg", duration_ms=500.0, symptom=Symptom.OPENROUTER_RATE_LIMITED),
        line(6, "job.failed", job_name="kg", duration_ms=500.0, symptom=Symptom.OTHER),
    ]
    types, _ = job_types(seen({"worker.log": log(*refused, *done(18, "kg", 1000), done=0)}))
    (kind,) = types
    assert (kind.count, kind.failed, kind.limited) == (20, 2, 1)
    assert kind.mean_s == pytest.approx(0.95)


def test_rows_tell_where_the_log_does_not() -> None:
    """A hundred completed jobs of two seconds."""
    spans, how = lengths_s(seen({"worker.log": FailureKind.UNAUTHORIZED}))
    assert (len(spans), set(spans)) == (100, {2.0})
    assert str(how) == "rows of 100 completed jobs"


def test_a_few_lines_do_not_outweigh_a_hundred_rows() -> None:
    """Below twenty attempts the next source is asked."""
    assert len(lengths_s(seen({"worker.log": log(*done(19, "a", 1000), done=0)}))[0]) == 100
    assert len(lengths_s(seen({"worker.log": log(*done(20, "a", 1000), done=0)}))[0]) == 20


def test_totals_are_the_last_resort() -> None:
    """Completed jobs and their mean, of each replica once; a type that never completed is left out."""
    by_type = (
        JobTypeTotals(name="a", completed=30, failed=2, average_ms=1000.0),
        JobTypeTotals(name="b", completed=10, failed=0, average_ms=5000.0),
        JobTypeTotals(name="c", completed=0, failed=7, average_ms=None),
    )
    told = metrics(sample(by_type=by_type), sample(by_type=by_type))
    types, _ = job_types(seen({"worker.log": log(done=0), "queue.jobs": rows(rows=()), "worker.metrics": told}))
    assert [(t.name, t.count, t.mean_s, t.failed) for t in types] == [("b", 10, 5.0, 0), ("a", 30, 1.0, 2)]


def test_nothing_tells_nothing() -> None:
    """No type rather than a type of no name."""
    nothing = {"worker.log": FailureKind.TIMEOUT, "queue.jobs": None, "worker.metrics": None}
    assert job_types(seen(nothing))[0] == ()
    assert lengths_s(seen(nothing))[0] == []


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ([("a", 1000)], [("a", 2000)], 2.0),
        ([("a", 1000)], [("a", 1000)], 1.0),
        ([("a", 1000)], [("b", 5000)], None),
        ([("a", 1000), ("b", 4000)], [("a", 1500), ("b", 6000)], 1.5),
        ([], [("a", 2000)], None),
    ],
)
def test_slower_than_before(before: list, after: list, wanted: float | None) -> None:
    """Type by type, so that another mix of jobs is no slowness; `None` without jobs on both sides."""
    lines = [e for name, ms in before for e in done(8, name, ms, ago_s=3000)]
    lines += [e for name, ms in after for e in done(8, name, ms)]
    assert slowdown(seen({"worker.log": log(*lines, done=0)})) == (pytest.approx(wanted) if wanted else None)


def test_seven_jobs_are_too_few_to_be_slower() -> None:
    """Eight on each side, or nothing is said."""
    lines = [*done(7, "a", 1000, ago_s=3000), *done(8, "a", 9000)]
    assert slowdown(seen({"worker.log": log(*lines, done=0)})) is None
