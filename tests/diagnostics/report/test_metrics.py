"""The thirteen critical metrics: a value with its source, or that there is none and where to look."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.diagnostics.healthy import HEALTHY, collected, diagnosed, health, metrics, plan, public, sample

from diagnostics.model import Diagnosis, FailureKind, Finding
from diagnostics.readings import Answer, Reading
from diagnostics.report.metrics import Metric, metrics_table, told
from diagnostics.report.metrics import metrics as all_metrics
from diagnostics.severity import Severity
from diagnostics.text import text
from diagnostics.wording import Wording

OTHERS = {
    "M5": ("errors.rate", 0.02, "ratio"),
    "M6": ("errors.latency", 1.4, "s"),
    "M7": ("frontend.availability", 0.999, "ratio"),
    "M8": ("database.connections", 0.4, "ratio"),
    "M9": ("database.slow", 120.0, "ms"),
    "M10": ("database.storage", 0.3, "ratio"),
}
"""Lines whose values come from findings alone."""


def by_line(diagnosis: Diagnosis) -> dict[str, Metric]:
    return {metric.line: metric for metric in all_metrics(diagnosis)}


def having(*findings: Finding) -> Diagnosis:
    """A healthy diagnosis with these findings in the place of their namesakes."""
    diagnosis = diagnosed(collected())
    ids = {f.id for f in findings}
    return replace(diagnosis, findings=(*(f for f in diagnosis.findings if f.id not in ids), *findings))


def finding(
    name: str, value: float | None, unit: str, severity: Severity = Severity.OK, state: str = "fine"
) -> Finding:
    return Finding(
        id=name,
        severity=severity,
        state=state,
        sentence=text("{name} is so", name=name),
        value=value,
        unit=unit,
        threshold=0.01,
        evidence=("worker.health",),
    )


def test_there_are_thirteen_in_the_order_of_the_runbook() -> None:
    """Whatever was seen, every line has its row, its value or reason, and its page."""
    for diagnosis in (diagnosed(collected()), diagnosed(public())):
        assert [m.line for m in all_metrics(diagnosis)] == [f"M{n}" for n in range(1, 14)]
        table = metrics_table(diagnosis, Wording())
        assert all(len(row) == len(table.head) and all(row) for row in table.rows)
        assert all(row[-1].startswith("https://") for row in table.rows)


def test_the_worker_and_redis_are_told_from_what_was_seen() -> None:
    """Values, limits and ages of a platform with forty jobs in the last minutes."""
    found = by_line(diagnosed(collected()))
    told_lines = {line for line, metric in found.items() if metric.measured and metric.measured.value is not None}
    assert told_lines >= {"M1", "M2", "M3", "M4", "M11", "M12", "M13"}
    depth, processing, memory = (found[line].measured for line in ("M4", "M3", "M13"))
    assert depth and (depth.value, depth.threshold, depth.age_s, depth.span_s) == (3, 500, 3.0, 0)
    assert processing and processing.value == pytest.approx(2.0)
    assert memory and (memory.value, memory.severity) == (0.1, Severity.OK)
    assert found["M1"].measured and (found["M1"].measured.span_s or 0) > 0


@pytest.mark.parametrize(("line", "finding_id", "value", "unit"), [(k, *v) for k, v in OTHERS.items()])
def test_other_systems_are_told_by_their_findings(line: str, finding_id: str, value: float, unit: str) -> None:
    """The finding's value, unit, limit, severity and sentence."""
    measured = by_line(having(finding(finding_id, value, unit, Severity.WARNING)))[line].measured
    assert measured is not None
    assert (measured.value, measured.unit, measured.threshold, measured.severity) == (
        value,
        unit,
        0.01,
        Severity.WARNING,
    )
    assert str(measured.source) == f"{finding_id} is so"


def test_too_little_is_no_judgement() -> None:
    """Three requests have neither limit nor severity."""
    measured = by_line(having(finding("frontend.availability", None, "", state="too_little")))["M7"].measured
    assert measured is not None and (measured.value, measured.threshold, measured.severity) == (None, None, None)


@pytest.mark.parametrize("what", [FailureKind.TIMEOUT, None])
def test_what_could_not_be_read_is_never_a_zero(what: FailureKind | Reading | None) -> None:
    """With every look failed no metric has a value."""
    diagnosis = diagnosed(collected(dict.fromkeys(HEALTHY, what)))
    assert [m.line for m in all_metrics(diagnosis) if m.measured and m.measured.value is not None] == []
    assert not any(row[1] not in ("–",) for row in metrics_table(diagnosis, Wording()).rows)


def test_trouble_without_a_value_is_told_in_words() -> None:
    """Redis out of reach has no latency, and that is the news."""
    lost = sample(redis_connected=False)
    changes = {
        "redis.connection": FailureKind.UNREACHABLE,
        "worker.health": health(answer=Answer.SILENT, redis_connected=None),
        "worker.metrics": metrics(lost, lost),
    }
    metric = by_line(diagnosed(collected(changes)))["M11"]
    assert metric.is_told
    assert "out of reach" in told(metric, Wording())


def test_memory_comes_from_the_plan_where_info_is_refused() -> None:
    """A token of reads alone still leaves the vendor's account."""
    changes = {"redis.server": FailureKind.UNAUTHORIZED, "redis.plan": plan(used_bytes=42)}
    measured = by_line(diagnosed(collected(changes)))["M13"].measured
    assert measured is not None and measured.value == 0.42


def test_a_value_carries_its_limit() -> None:
    """As the terminal prints it."""
    metric = by_line(diagnosed(collected()))["M4"]
    assert told(metric, Wording()) == "3 jobs, limit 500 jobs"
