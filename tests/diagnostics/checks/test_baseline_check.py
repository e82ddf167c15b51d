"""The depth against the same hour last week."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tests.diagnostics.healthy import collected, counts, diagnosed, found, queue, usual

from diagnostics.checks.baseline import FEWEST
from diagnostics.model import FailureKind
from diagnostics.severity import Severity


def judged(depth: int | None, **changes: Any) -> Any:
    """The finding for a depth and a usual hour."""
    return found("queue.baseline", {"queue.state": queue(counts(wait=depth)), "history.baseline": usual(**changes)})


@pytest.mark.parametrize(
    ("depth", "p95", "severity", "threshold"),
    [
        (120, 40.0, Severity.OK, 120.0),
        (121, 40.0, Severity.WARNING, 120.0),
        (119, 40.0, Severity.OK, 120.0),
        (100, 0.0, Severity.OK, 100.0),
        (101, 0.0, Severity.WARNING, 100.0),
        (99, 0.0, Severity.OK, 100.0),
        (0, 0.0, Severity.OK, 100.0),
        (100_000, 10.0, Severity.WARNING, 100.0),
    ],
)
def test_three_times_the_usual_and_above_the_floor_is_a_warning(
    depth: int, p95: float, severity: Severity, threshold: float
) -> None:
    """Strictly greater, and never critical: unusual is not broken."""
    finding = judged(depth, depth_p95=p95)
    assert (finding.severity, finding.value, finding.threshold) == (severity, float(depth), threshold)
    assert finding.state == ("unusual" if severity is Severity.WARNING else "usual")


@pytest.mark.parametrize("changes", [{"samples": FEWEST - 1}, {"samples": 0, "depth_p95": None, "depth_median": None}])
def test_too_few_samples_compare_with_nothing(changes: dict[str, Any]) -> None:
    """OK, no value, and the finding says so."""
    finding = judged(100_000, **changes)
    assert (finding.severity, finding.state, finding.value) == (Severity.OK, "too_little", None)
    assert judged(100_000, samples=FEWEST).severity is Severity.WARNING


@pytest.mark.parametrize("depth", [None, -1])
def test_a_depth_that_is_not_known_is_unknown(depth: int | None) -> None:
    """Missing or nonsense is never usual."""
    assert judged(depth).severity is Severity.UNKNOWN


def test_a_usual_that_is_no_number_is_never_healthy_by_comparison() -> None:
    """NaN and negative numbers compare with nothing."""
    assert judged(50, depth_p95=math.nan).severity is Severity.UNKNOWN
    assert judged(50, depth_p95=-1.0).severity is Severity.UNKNOWN


def test_an_unusual_depth_alone_is_no_critical_verdict() -> None:
    """A warning that something is unusual, on a platform that is otherwise healthy."""
    evidence = collected({"queue.state": queue(counts(wait=300)), "history.baseline": usual()})
    diagnosis = diagnosed(evidence)
    assert diagnosis.severity is Severity.WARNING
    assert [f.id for f in diagnosis.findings if f.severity is Severity.WARNING] == ["queue.baseline"]


def test_a_lost_queue_is_a_blind_spot_of_the_comparison() -> None:
    """With last week known and today not, nothing is compared."""
    changes = {"queue.state": FailureKind.TIMEOUT, "history.baseline": usual()}
    assert found("queue.baseline", changes).severity is Severity.UNKNOWN
