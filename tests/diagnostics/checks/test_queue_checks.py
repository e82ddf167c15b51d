"""The queue: how deep, paused or not, whose, and whether it moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.diagnostics.healthy import (
    QUEUE,
    SCOPE,
    ago,
    counts,
    found,
    health,
    metrics,
    queue,
    rows,
    running,
    sample,
    unanswered,
    unanswered_metrics,
)

from diagnostics.model import FailureKind
from diagnostics.readings import Answer, JobRows, QueueCounts, Reading
from diagnostics.scope import Facts
from diagnostics.severity import Severity
from diagnostics.thresholds import Limits

OK, WARNING, CRITICAL, UNKNOWN = Severity.OK, Severity.WARNING, Severity.CRITICAL, Severity.UNKNOWN
ABSENT = QueueCounts(name=QUEUE, is_present=False)
JUDGED = ("queue.depth", "queue.paused", "queue.progress", "queue.delayed", "queue.stalled")


@pytest.mark.parametrize(
    ("wait", "severity", "threshold"),
    [
        (0, OK, 500),
        (499, OK, 500),
        (500, OK, 500),
        (501, WARNING, 500),
        (999, WARNING, 500),
        (1000, WARNING, 500),
        (1001, CRITICAL, 1000),
        (10**7, CRITICAL, 1000),
        (-1, UNKNOWN, 500),
        (None, UNKNOWN, 500),
    ],
)
def test_depth(wait: int | None, severity: Severity, threshold: int) -> None:
    """More than 500 is a warning, more than 1000 critical; missing or negative is unknown, never OK."""
    finding = found("queue.depth", {"queue.state": queue(counts(wait=wait))})
    assert (finding.severity, finding.value, finding.unit) == (severity, wait, "jobs")
    assert finding.threshold == threshold


@pytest.mark.parametrize("state", ["wait", "paused", "prioritized"])
def test_depth_counts_all_that_is_ready(state: str) -> None:
    """Jobs with priority and those of a paused queue count as ready; one unread state makes the sum unknown."""
    empty: dict[str, Any] = {"wait": 0, "paused": 0, "prioritized": 0}
    assert found("queue.depth", {"queue.state": queue(counts(**{**empty, state: 1001}))}).severity is CRITICAL
    assert found("queue.depth", {"queue.state": queue(counts(**{**empty, state: None}))}).severity is UNKNOWN


@pytest.mark.parametrize("state", ["delayed", "active", "completed", "failed"])
def test_depth_counts_nothing_else(state: str) -> None:
    """Delayed, active and finished jobs are not a backlog."""
    assert found("queue.depth", {"queue.state": queue(counts(**{state: 10**6}))}).value == 3


@pytest.mark.parametrize("check", JUDGED)
def test_an_absent_queue_is_not_an_empty_one(check: str) -> None:
    """A queue that does not exist has no value; the sentence says that it is not there."""
    finding = found(check, {"queue.state": queue(ABSENT)})
    assert (finding.severity, finding.state, finding.value) == (OK, "too_little", None)
    assert "no queue named agent-jobs" in str(finding.sentence)


@pytest.mark.parametrize("check", JUDGED)
def test_a_state_without_our_queue_is_unknown(check: str) -> None:
    """Counts of other queues say nothing about ours."""
    other = queue(counts(name="other"))
    assert found(check, {"queue.state": other}).severity is UNKNOWN


def test_the_deepest_of_several_queues_decides() -> None:
    """With several names in the profile the one with the backlog is judged."""
    both = replace(SCOPE, facts=replace(SCOPE.facts, queue_names=("a", "b")))
    state = replace(queue(), first=(), second=(counts(name="a", wait=0), counts(name="b", wait=2000)))
    finding = found("queue.depth", {"queue.state": state}, both)
    assert finding.severity is CRITICAL
    assert "in b" in str(finding.sentence)


@pytest.mark.parametrize(
    ("is_paused", "severity", "state"),
    [(True, CRITICAL, "paused"), (False, OK, "running"), (None, UNKNOWN, "blind")],
)
def test_paused(is_paused: bool | None, severity: Severity, state: str) -> None:
    """A paused queue is critical however healthy the worker; an unread flag is not a running queue."""
    finding = found("queue.paused", {"queue.state": queue(counts(is_paused=is_paused))})
    assert (finding.severity, finding.state) == (severity, state)


@pytest.mark.parametrize(
    ("changes", "severity", "state"),
    [
        ({}, OK, "matches"),
        ({"worker.health": health(queue_name="jobs")}, CRITICAL, "mismatch"),
        (
            {"worker.health": FailureKind.TIMEOUT, "worker.metrics": metrics(sample(queue_name="jobs"))},
            CRITICAL,
            "mismatch",
        ),
        ({"worker.metrics": metrics(sample(), sample(queue_name="jobs"))}, CRITICAL, "mismatch"),
        (
            {
                "worker.health": unanswered(Answer.SILENT),
                "worker.metrics": unanswered_metrics(Answer.EDGE_ERROR),
            },
            OK,
            "no_worker",
        ),
        ({"worker.health": unanswered(Answer.SILENT), "worker.metrics": metrics()}, OK, "matches"),
    ],
)
def test_queue_name(changes: dict[str, Reading | FailureKind], severity: Severity, state: str) -> None:
    """One replica on another queue is enough; without any answer there is nothing to compare."""
    finding = found("queue.name", changes)
    assert (finding.severity, finding.state) == (severity, state)


IDLE: dict[str, Any] = {"wait": 0, "active": 0, "newest_completed_at": ago(7200), "oldest_waiting_at": None}


@pytest.mark.parametrize(
    ("now", "jobs", "severity", "state"),
    [
        (counts(), rows(*running(1, 10)), OK, "flowing"),
        (counts(newest_completed_at=ago(15)), rows(*running(600)), OK, "flowing"),
        (counts(newest_completed_at=ago(15.1)), rows(*running(15.1)), CRITICAL, "hung"),
        (counts(newest_completed_at=ago(15.1)), rows(*running(15)), OK, "starting"),
        (counts(newest_completed_at=None, newest_failed_at=None), rows(*running(600)), CRITICAL, "hung"),
        (counts(newest_completed_at=ago(900), newest_failed_at=ago(5)), rows(*running(600)), OK, "flowing"),
        (counts(**IDLE), rows(), OK, "idle"),
        (counts(**{**IDLE, "delayed": 900}), rows(), OK, "idle"),
        (counts(**{**IDLE, "wait": 5, "oldest_waiting_at": ago(15.1)}), rows(), CRITICAL, "stuck"),
        (counts(**{**IDLE, "wait": 5, "oldest_waiting_at": ago(15)}), rows(), OK, "starting"),
        (counts(**{**IDLE, "active": 5}), rows(*running(3, 5)), OK, "starting"),
        (counts(**{**IDLE, "active": 5}), rows(), OK, "starting"),
        (
            counts(**{**IDLE, "wait": 5, "active": 5, "active_without_lock": 5, "oldest_waiting_at": ago(60)}),
            rows(),
            CRITICAL,
            "stuck",
        ),
        (counts(is_paused=True, wait=0, paused=900, active=0), rows(), OK, "paused"),
        (counts(wait=None, active=0), rows(), UNKNOWN, "blind"),
        (counts(active=None), rows(), UNKNOWN, "blind"),
        (counts(**{**IDLE, "active": 5}), FailureKind.SCHEMA, UNKNOWN, "blind"),
        (counts(**{**IDLE, "prioritized": 900}), rows(), UNKNOWN, "blind"),
    ],
)
def test_progress(now: QueueCounts, jobs: Reading | FailureKind, severity: Severity, state: str) -> None:
    """Ten jobs of two seconds may be quiet for 15 s; only jobs that could have moved count; unread is not idle."""
    finding = found("queue.progress", {"queue.state": queue(now), "queue.jobs": jobs})
    assert (finding.severity, finding.state) == (severity, state)


def lasting(seconds: float) -> JobRows:
    """Completed jobs of this length, and an active one that is very old."""
    done = tuple(replace(r, started_ms=(r.finished_ms or 0) - round(seconds * 1000)) for r in rows().rows)
    return replace(rows(), rows=(*done, *running(7200)))


@pytest.mark.parametrize(
    ("jobs", "active", "limit"),
    [
        (lasting(0), 10, 15),
        (lasting(2), 50, 15),
        (lasting(20), 50, 60),
        (lasting(20), 10, 60),
        (lasting(20), 1, 400),
        (FailureKind.SCHEMA, 50, 15),
    ],
)
def test_progress_waits_for_as_long_as_chance_allows(jobs: Reading | FailureKind, active: int, limit: float) -> None:
    """At least 15 s, three usual lengths, and until twenty ends are missed; the worker's average stands in for rows."""
    now = counts(active=active, newest_completed_at=ago(limit))
    finding = found("queue.progress", {"queue.state": queue(now), "queue.jobs": jobs})
    assert (finding.state, finding.threshold) == ("flowing", limit)


def test_progress_without_a_known_length_waits_a_minute() -> None:
    """Neither rows nor averages tell how long a job takes: the runbook's minute decides."""
    none_done: dict[str, Reading | FailureKind] = {
        "queue.jobs": replace(rows(), rows=running(7200)),
        "worker.metrics": FailureKind.TIMEOUT,
        "worker.log": FailureKind.TIMEOUT,
    }
    for seconds, state in ((60, "flowing"), (60.1, "hung")):
        changes = {**none_done, "queue.state": queue(counts(newest_completed_at=ago(seconds)))}
        assert found("queue.progress", changes).state == state


@pytest.mark.parametrize(
    ("delayed", "severity", "state"),
    [
        (0, OK, "small"),
        (499, OK, "small"),
        (500, OK, "small"),
        (501, WARNING, "backlog"),
        (10**7, WARNING, "backlog"),
        (-1, UNKNOWN, "blind"),
        (None, UNKNOWN, "blind"),
    ],
)
def test_delayed(delayed: int | None, severity: Severity, state: str) -> None:
    """More than 500 delayed jobs are a backlog of their own."""
    finding = found("queue.delayed", {"queue.state": queue(counts(delayed=delayed))})
    assert (finding.severity, finding.state) == (severity, state)
    assert finding.value == (None if severity is UNKNOWN else delayed)


@pytest.mark.parametrize(
    ("count", "active", "severity", "state"),
    [
        (0, 10, OK, "locked"),
        (2, 10, OK, "few"),
        (3, 10, WARNING, "stalled"),
        (5, 50, OK, "few"),
        (6, 50, WARNING, "stalled"),
        (None, 10, UNKNOWN, "blind"),
    ],
)
def test_stalled(count: int | None, active: int, severity: Severity, state: str) -> None:
    """A few jobs between two reads hold no lock for a moment; more than a tenth, and more than two, have stalled."""
    finding = found("queue.stalled", {"queue.state": queue(counts(active=active, active_without_lock=count))})
    assert (finding.severity, finding.state, finding.value) == (severity, state, count)


def test_the_profile_moves_the_thresholds() -> None:
    """The limits of the profile are the ones that are judged and told."""
    strict = replace(SCOPE, thresholds=replace(SCOPE.thresholds, queue_depth_jobs=Limits(1, 2)))
    finding = found("queue.depth", {}, strict)
    assert (finding.severity, finding.threshold) == (CRITICAL, 2)


def test_commands_use_the_profile_s_prefix_and_variable() -> None:
    """A pasted command must hit the same key over the same address, which stays in its variable."""
    facts: Facts = replace(SCOPE.facts, queue_prefix="q", redis_variable="MY_REDIS", has_own_ca=True)
    command = found("queue.depth", {}, replace(SCOPE, facts=facts)).command
    assert "q:agent-jobs:wait" in command
    assert '-u "$MY_REDIS"' in command
    assert "--cacert" in command
