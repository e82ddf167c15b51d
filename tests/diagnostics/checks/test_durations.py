"""How long job types take, each against its own past."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.healthy import ago_ms, found

from diagnostics.checks.finding import TOO_LITTLE
from diagnostics.readings import LogEvent, WorkerLog
from diagnostics.severity import Severity

TYPES = ("crm:sync-contacts", "kommo:webhook", "generate-report", "kommo:send-message", "crm:sync-pipelines")
USUAL_MS = 1000.0


def history(lengths: dict[str, list[float | None]]) -> WorkerLog:
    """A log in which each type's jobs ended with these lengths (ms), oldest first."""
    most = max(map(len, lengths.values()), default=0)
    events = [
        LogEvent(at_ms=ago_ms(2 * (most - place)), level="info", event="job.complete", job_name=name, duration_ms=each)
        for name, found_lengths in lengths.items()
        for place, each in enumerate(found_lengths)
    ]
    events.sort(key=lambda e: e.at_ms)
    return WorkerLog(events=tuple(events), since_ms=ago_ms(10_800), until_ms=ago_ms(0), is_truncated=False)


def slowed(count: int, now_ms: float, usual_ms: float = USUAL_MS) -> WorkerLog:
    """The first `count` of five types take `now_ms`, the others what they always took."""
    return history({name: [usual_ms] * 6 + [now_ms if i < count else usual_ms] * 3 for i, name in enumerate(TYPES)})


@pytest.mark.parametrize(
    ("log", "state", "severity"),
    [
        (slowed(5, 3000.0), "usual", Severity.OK),
        (slowed(5, 2999.0), "usual", Severity.OK),
        (slowed(5, 3001.0), "slow_all", Severity.WARNING),
        (slowed(4, 3001.0), "slow_all", Severity.WARNING),
        (slowed(3, 3001.0), "slow_some", Severity.OK),
        (slowed(1, 9000.0), "slow_some", Severity.OK),
        (slowed(5, 1100.0, usual_ms=100.0), "usual", Severity.OK),
        (slowed(5, 1101.0, usual_ms=100.0), "slow_all", Severity.WARNING),
        (slowed(5, 100.0), "usual", Severity.OK),
        (slowed(5, 60_001.0, usual_ms=20_000.0), "slow_all", Severity.WARNING),
    ],
)
def test_types_count_as_slow_together(log: WorkerLog, state: str, severity: Severity) -> None:
    """More than three times and more than a second longer; four types of five at once are a shared reason."""
    finding = found("jobs.duration", {"worker.log": log})
    assert (finding.state, finding.severity) == (state, severity)


def test_what_became_slow_is_not_its_own_measure() -> None:
    """A few jobs before the trouble are enough, however many have ended slowly since."""
    log = history({name: [USUAL_MS] * 5 + [9000.0] * 15 for name in TYPES})
    assert found("jobs.duration", {"worker.log": log}).value == 9.0


def test_two_slow_types_of_two_are_not_all() -> None:
    """Too few types to speak of something that all share."""
    log = history({name: [USUAL_MS] * 6 + [9000.0] * 3 for name in TYPES[:2]})
    assert found("jobs.duration", {"worker.log": log}).state == "slow_some"


@pytest.mark.parametrize(
    "lengths",
    [{}, {"test-job": [USUAL_MS] * 5}, {"test-job": [None] * 9}, {"test-job": [USUAL_MS, USUAL_MS, 9000.0, 9000.0]}],
)
def test_too_few_ends_are_no_judgement(lengths: dict[str, list[float | None]]) -> None:
    """Three jobs before and three now are the least that can be compared; a length not told does not count."""
    finding = found("jobs.duration", {"worker.log": history(lengths)})
    assert (finding.state, finding.severity, finding.value) == (TOO_LITTLE, Severity.OK, None)


def test_one_slow_job_is_an_accident() -> None:
    """The median of the newest three decides."""
    log = history({name: [USUAL_MS] * 8 + [60_000.0] for name in TYPES})
    assert found("jobs.duration", {"worker.log": log}).state == "usual"


def test_a_length_that_is_no_number_is_not_called_slow() -> None:
    """NaN compares with nothing."""
    log = history({name: [USUAL_MS] * 6 + [math.nan] * 3 for name in TYPES})
    assert found("jobs.duration", {"worker.log": log}).severity is Severity.OK


@given(now_ms=st.floats(1, 1e6), more_ms=st.floats(0, 1e6), count=st.integers(0, 5))
def test_longer_never_looks_better(now_ms: float, more_ms: float, count: int) -> None:
    """A worse length never lowers the severity."""
    before, after = (
        found("jobs.duration", {"worker.log": slowed(count, each)}).severity for each in (now_ms, now_ms + more_ms)
    )
    assert (before, after) != (Severity.WARNING, Severity.OK)
