"""Failed jobs over time, told apart by whether the database was the reason."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.healthy import NOW_MS, SCOPE, ago_ms, line, log, seen

from diagnostics.model import FailureKind
from diagnostics.readings import Symptom
from diagnostics.trends.database import failures_by_cause

POOL = Symptom.DATABASE_POOL


def failed(seconds: float, symptom: Symptom | None = POOL):
    return line(seconds, "job.failed", job_name="kommo:webhook", symptom=symptom)


def counted(*events: object, **changes: object) -> tuple[float, float]:
    """Attempts that failed, by the database and otherwise, over all bins."""
    told = failures_by_cause(seen({"worker.log": log(*events, done=0, **changes)}), SCOPE)
    return tuple(float(np.nansum(s.value) * s.step_ms / 60_000) for s in told)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("symptom", "expected"),
    [
        (POOL, (1.0, 0.0)),
        (Symptom.DATABASE, (1.0, 0.0)),
        (Symptom.OPENROUTER_DOWN, (0.0, 1.0)),
        (Symptom.OTHER, (0.0, 1.0)),
        (None, (0.0, 1.0)),
    ],
)
def test_a_failure_is_counted_once_where_it_belongs(symptom: Symptom | None, expected: tuple[float, float]) -> None:
    """Its reason decides; one without a reason blames nobody."""
    assert counted(failed(60, symptom)) == pytest.approx(expected)


@given(st.lists(st.tuples(st.floats(0, 10_799), st.booleans()), max_size=60))
def test_no_failure_is_lost_or_doubled(told: list[tuple[float, bool]]) -> None:
    """The sums are the counts, wherever in the window they fall, its end included."""
    events = [failed(seconds, POOL if is_database else Symptom.OTHER) for seconds, is_database in told]
    blamed = sum(is_database for _, is_database in told)
    assert counted(*events) == pytest.approx((blamed, len(told) - blamed))


def test_what_the_log_does_not_cover_is_unknown_and_not_zero() -> None:
    """A log that begins late knows nothing of before."""
    database, other = failures_by_cause(seen({"worker.log": log(failed(60), since_ms=ago_ms(600))}), SCOPE)
    for series in (database, other):
        assert series.since_ms == ago_ms(600) and series.until_ms == NOW_MS
        assert np.isnan(series.value[series.at_ms < series.since_ms]).all()
        assert np.isfinite(series.value[series.at_ms >= series.since_ms]).all()


@pytest.mark.parametrize("told", [FailureKind.UNAUTHORIZED, None, log(since_ms=None), log(since_ms=NOW_MS)])
def test_without_a_log_both_are_empty_and_say_why(told: object) -> None:
    """No line of zeros where nobody looked."""
    for series in failures_by_cause(seen({"worker.log": told}), SCOPE):
        assert series.is_empty and series.since_ms == series.until_ms
        assert "log" in str(series.source)
