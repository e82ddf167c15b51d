"""Jobs that are over and still matter, and what lies beside the queue."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.diagnostics.healthy import NOW_MS, QUEUE, collected, counts, diagnosed, found, queue

from diagnostics.checks.finding import NOT_PERMITTED
from diagnostics.readings import QueueCounts, QueueEvents, QueueState
from diagnostics.severity import Severity

OK, WARNING, UNKNOWN = Severity.OK, Severity.WARNING, Severity.UNKNOWN


@pytest.mark.parametrize(
    ("failed", "severity", "state"),
    [
        (0, OK, "few"),
        (499, OK, "few"),
        (500, OK, "few"),
        (501, WARNING, "pile"),
        (10**6, WARNING, "pile"),
        (-1, UNKNOWN, "blind"),
        (None, UNKNOWN, "blind"),
    ],
)
def test_failed(failed: int | None, severity: Severity, state: str) -> None:
    """More than 500 failed jobs kept are a pile; an unread count is unknown."""
    finding = found("queue.failed", {"queue.state": queue(counts(failed=failed))})
    assert (finding.severity, finding.state) == (severity, state)
    assert finding.value == (None if severity is UNKNOWN else failed)


def refusals(count: int, by: str = "finished") -> QueueEvents:
    """One id was refused so often."""
    return QueueEvents(
        queue=QUEUE,
        at_ms=(NOW_MS,),
        kind=("duplicated",),
        complete_since_ms=NOW_MS,
        refused_most=count,
        refused_by=by,
        refused_name="crm:sync-contacts",
    )


@pytest.mark.parametrize(
    ("events", "severity", "state"),
    [
        (refusals(0), OK, "few"),
        (refusals(4), OK, "few"),
        (refusals(5), WARNING, "blocked"),
        (refusals(500), WARNING, "blocked"),
        (refusals(500, "unfinished"), OK, "few"),
        (refusals(500, ""), OK, "few"),
        (QueueEvents(queue=QUEUE, at_ms=(), kind=(), complete_since_ms=None), OK, "too_little"),
    ],
)
def test_refusals(events: QueueEvents, severity: Severity, state: str) -> None:
    """Only an ended job that holds an id makes refusals a trouble."""
    finding = found("queue.refusals", {"queue.events": events})
    assert (finding.severity, finding.state, finding.value) == (severity, state, events.refused_most)


EMPTY: dict[str, Any] = {
    "wait": 0,
    "paused": 0,
    "prioritized": 0,
    "delayed": 0,
    "active": 0,
    "waiting_children": 0,
    "completed": 0,
    "failed": 0,
    "last_id": 10,
}


def beside(name: str, later: int | None = None, **changes: Any) -> QueueState:
    """The main queue and one beside it; `later` is that one's counter at the second look."""
    first = QueueCounts(name=name, is_present=True, **{**EMPTY, **changes})
    second = (counts(), replace(first, last_id=later)) if later is not None else (counts(),)
    return replace(queue(), first=(counts(), first), second=second)


@pytest.mark.parametrize(
    ("state", "severity", "word"),
    [
        (beside("app-jobs", wait=500), OK, "few"),
        (beside("app-jobs", wait=501), WARNING, "growing"),
        (beside("app-jobs", prioritized=501), WARNING, "pile"),
        (beside("app-jobs", prioritized=501, later=10), WARNING, "pile"),
        (beside("app-jobs", prioritized=501, later=11), WARNING, "growing"),
        (beside("app-jobs", wait=9000, active=1), OK, "small"),
        (beside("reports", wait=9000), WARNING, "growing"),
        (beside("app-jobs", wait=9000, active=None), UNKNOWN, "blind"),
        (beside("app-jobs", paused=None), UNKNOWN, "blind"),
    ],
)
def test_orphans(state: QueueState, severity: Severity, word: str) -> None:
    """A queue whose jobs are being taken has a consumer; one that is still filled is worse than a leftover."""
    finding = found("queue.orphans", {"queue.state": state})
    assert (finding.severity, finding.state) == (severity, word)


@pytest.mark.parametrize(
    ("state", "severity", "word", "value"),
    [
        (queue(), OK, "few", 0),
        (queue(fallback_keys=1), WARNING, "unfiled", 1),
        (queue(fallback_keys=None), UNKNOWN, "blind", None),
        (beside("agent-jobs-dlq", prioritized=500), OK, "few", 500),
        (beside("agent-jobs-dlq", prioritized=501), WARNING, "pile", 501),
        (beside("agent-jobs-dlq", prioritized=300, failed=201), WARNING, "pile", 501),
        (beside("agent-jobs-dlq", failed=None), UNKNOWN, "blind", None),
        (replace(beside("agent-jobs-dlq", failed=None), fallback_keys=2), WARNING, "unfiled", 2),
        (beside("app-jobs", prioritized=501), OK, "few", 0),
    ],
)
def test_dead_letters(state: QueueState, severity: Severity, word: str, value: float | None) -> None:
    """Letters count in every state of their queue; one outside it warns at once, for it vanishes."""
    finding = found("queue.dead_letters", {"queue.state": state})
    assert (finding.severity, finding.state, finding.value) == (severity, word, value)


def test_coverage_is_told() -> None:
    """A scan that saw a part says so."""
    state = queue(scan_complete=False, scanned_keys=2000, total_keys=10**6)
    for check in ("queue.dead_letters", "queue.foreign_keys"):
        assert "2000 of 1000000 keys" in str(found(check, {"queue.state": state}).sentence)


def test_a_token_that_may_not_scan_is_a_limit() -> None:
    """The letters in their queue are still counted; what only a scan could find is no blind spot."""
    state = replace(
        beside("agent-jobs-dlq", prioritized=501),
        scan_refused=True,
        scanned_keys=None,
        total_keys=None,
        fallback_keys=None,
        foreign_keys=None,
    )
    assert found("queue.foreign_keys", {"queue.state": state}).state == NOT_PERMITTED
    assert found("queue.dead_letters", {"queue.state": state}).state == "pile"
    none = replace(state, first=(counts(),))
    diagnosis = diagnosed(collected({"queue.state": none}))
    assert (diagnosis.severity, diagnosis.blind_spots) == (OK, ())
    assert any("may not scan" in str(limit.what) for limit in diagnosis.limits)


@pytest.mark.parametrize(
    ("count", "severity", "state"), [(0, OK, "none"), (1, OK, "some"), (10**6, OK, "some"), (None, UNKNOWN, "blind")]
)
def test_foreign_keys(count: int | None, severity: Severity, state: str) -> None:
    """Keys of somebody else harm nothing; keys nobody could look at are unknown."""
    finding = found("queue.foreign_keys", {"queue.state": queue(foreign_keys=count)})
    assert (finding.severity, finding.state, finding.value) == (severity, state, count)
