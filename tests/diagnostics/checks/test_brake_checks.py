"""Limits the queue sets itself: they are told when they bind, and warn when they are felt."""

from __future__ import annotations

from typing import Any

import pytest
from tests.diagnostics.healthy import ago, counts, found, health, metrics, queue, sample, unanswered

from diagnostics.model import FailureKind
from diagnostics.readings import Answer
from diagnostics.severity import Severity

OK, WARNING, UNKNOWN = Severity.OK, Severity.WARNING, Severity.UNKNOWN
BY_HAND = 2**53 - 1
LIMITED: dict[str, Any] = {
    "wait": 700,
    "active": 5,
    "limiter_ms": 4000,
    "limiter_jobs": 5,
    "rate_max_jobs": 5,
    "rate_window_ms": 5000,
}


@pytest.mark.parametrize(
    ("changes", "severity", "state"),
    [
        ({}, WARNING, "limiting"),
        ({"wait": 501}, WARNING, "limiting"),
        ({"wait": 500}, OK, "limiting"),
        ({"wait": 500, "oldest_waiting_at": ago(60)}, OK, "limiting"),
        ({"wait": 500, "oldest_waiting_at": ago(60.1)}, WARNING, "limiting"),
        ({"wait": 0}, OK, "open"),
        ({"limiter_ms": 0}, OK, "open"),
        ({"limiter_jobs": 4, "wait": 6}, OK, "limiting"),
        ({"limiter_jobs": 4, "wait": 5}, OK, "open"),
        ({"limiter_jobs": 4, "active": 25}, OK, "open"),
        ({"rate_max_jobs": None, "limiter_jobs": 1}, WARNING, "limiting"),
        ({"rate_max_jobs": None, "limiter_jobs": BY_HAND}, WARNING, "limiting"),
        ({"rate_max_jobs": None, "active": 25}, OK, "open"),
        ({"rate_max_jobs": None, "active": None}, OK, "open"),
        ({"limiter_ms": None}, UNKNOWN, "blind"),
        ({"limiter_jobs": None}, UNKNOWN, "blind"),
    ],
)
def test_limiter(changes: dict[str, Any], severity: Severity, state: str) -> None:
    """A full window binds; a part-full one only while more waits than it lets pass and slots are free."""
    merged = {**LIMITED, "oldest_waiting_at": ago(1), **changes}
    finding = found("queue.limiter", {"queue.state": queue(counts(**merged))})
    assert (finding.severity, finding.state) == (severity, state)


def test_limiter_without_a_worker_to_ask() -> None:
    """Nobody tells how many slots are free: an open window of a worker's own limit proves nothing."""
    merged = {**LIMITED, "rate_max_jobs": None}
    changes = {
        "queue.state": queue(counts(**merged)),
        "worker.health": unanswered(Answer.SILENT),
        "worker.metrics": FailureKind.TIMEOUT,
    }
    assert found("queue.limiter", changes).state == "open"


HELD: dict[str, Any] = {"wait": 700, "active": 2, "concurrency_limit": 2, "oldest_waiting_at": ago(1)}


@pytest.mark.parametrize(
    ("changes", "severity", "state"),
    [
        ({}, WARNING, "limiting"),
        ({"wait": 500}, OK, "limiting"),
        ({"wait": 500, "oldest_waiting_at": ago(61)}, WARNING, "limiting"),
        ({"wait": 0}, OK, "open"),
        ({"active": 1}, WARNING, "limiting"),
        ({"active": 0}, OK, "open"),
        ({"concurrency_limit": None}, OK, "open"),
        ({"concurrency_limit": 200, "active": 50}, OK, "open"),
        ({"concurrency_limit": 50, "active": 50}, WARNING, "limiting"),
        ({"concurrency_limit": 50, "active": 49}, OK, "open"),
        ({"active": None}, UNKNOWN, "blind"),
        ({"wait": None}, UNKNOWN, "blind"),
    ],
)
def test_concurrency(changes: dict[str, Any], severity: Severity, state: str) -> None:
    """As many active as allowed, or fewer for a moment while one replica could take more than all may."""
    finding = found("queue.concurrency", {"queue.state": queue(counts(**{**HELD, **changes}))})
    assert (finding.severity, finding.state) == (severity, state)


def test_concurrency_looks_at_both_counts() -> None:
    """One job fewer at the second look does not hide that the limit was reached at the first."""
    state = queue(counts(**{**HELD, "active": 29, "concurrency_limit": 30}), counts(active=30))
    told = {"worker.health": health(concurrency=25), "worker.metrics": metrics(sample(concurrency=25))}
    assert found("queue.concurrency", {"queue.state": state, **told}).state == "limiting"
