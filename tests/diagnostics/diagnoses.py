"""Hand-made questions, evidence and diagnoses for tests of presentation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from diagnostics.model import (
    BlindSpot,
    Cause,
    Clock,
    Cost,
    Diagnosis,
    Evidence,
    Failure,
    FailureKind,
    Finding,
    Limit,
    Status,
    TimelineEvent,
)
from diagnostics.readings import Answer, QueueCounts, QueueEvents, QueueState, Reading, WorkerHealth
from diagnostics.scope import Contact, Facts, Scope, Window
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import text
from diagnostics.thresholds import Thresholds

NOW = datetime(2026, 11, 23, 3, 2, tzinfo=UTC)
NOW_MS = round(NOW.timestamp() * 1000)
QUEUE = "agent-jobs"
MINUTE = 60_000


def cause(name: str, **changes: Any) -> Cause:
    """A bare cause."""
    bare = Cause(id=name, confidence=0.9, title=text("it"), component=name.partition(".")[0], runbook=None, branch="")
    return replace(bare, **changes)


def scope(*, minutes: float = 180, **changes: Any) -> Scope:
    """The question of incident 1 at `NOW` over the last `minutes`."""
    asked = Scope(
        slug="worker-not-processing",
        profile="production",
        facts=Facts(queue_names=(QUEUE,), dead_letter_queues=("agent-jobs-dlq",), systems=("worker", "redis")),
        now=NOW,
        window=Window(since=NOW - timedelta(minutes=minutes), until=NOW),
        started_at=NOW,
        response_started_at=NOW - timedelta(minutes=4),
        deadline_s=10,
        thresholds=Thresholds(),
        contacts=(Contact(name="Railway Support", url="mailto:support@railway.app"),),
        versions=(("gpt-agent-runbooks", "0.1.0"), ("python", "3.11.7")),
    )
    return replace(asked, **changes)


def evidence(probe: str, reading: Reading | None, **changes: Any) -> Evidence:
    """Evidence of `probe`, observed at `NOW`."""
    item = Evidence(
        id=probe, probe=probe, source=f"test {probe}", observed_at=NOW, status=Status.OBSERVED, reading=reading
    )
    return replace(item, **changes)


def counts(wait: int | None, **changes: Any) -> QueueCounts:
    """Present counts of the main queue."""
    present = QueueCounts(name=QUEUE, is_present=True, wait=wait, paused=0, prioritized=0, delayed=0, active=0)
    return replace(present, **changes)


def state(wait: int | None, **changes: Any) -> Evidence:
    """A queue state whose two counts agree."""
    now = counts(wait, **changes)
    return evidence("queue.state", QueueState(first=(now,), second=(now,), gap_s=0.0))


def events(steps: list[tuple[int, str]], *, since_ms: int | None) -> Evidence:
    """An event stream of `(at_ms, kind)`, complete from `since_ms`."""
    at, kinds = tuple(at for at, _ in steps), tuple(kind for _, kind in steps)
    return evidence("queue.events", QueueEvents(queue=QUEUE, at_ms=at, kind=kinds, complete_since_ms=since_ms))


def seen(*items: Evidence) -> Seen:
    """These pieces of evidence."""
    return Seen(items)


def finding(name: str = "queue.depth", severity: Severity = Severity.CRITICAL, **changes: Any) -> Finding:
    """One finding."""
    made = Finding(
        id=name,
        severity=severity,
        state=severity.value,
        sentence=text("{depth} jobs ready and not started in {queue}", depth=1204, queue=QUEUE),
        value=1204.0,
        unit="jobs",
        threshold=1000.0,
        evidence=("queue.state",),
        command='redis-cli -u "$REDIS_URL" LLEN bull:agent-jobs:wait',
    )
    return replace(made, **changes)


def diagnosis(**changes: Any) -> Diagnosis:
    """A critical diagnosis with a blind spot, two causes and a growing queue."""
    asked = scope()
    steps = [(NOW_MS - n * 3000, "waiting") for n in range(600)]
    health = evidence("worker.health", WorkerHealth(answer=Answer.SILENT), excerpt="no byte within 5 s")
    refused = Failure(
        kind=FailureKind.UNAUTHORIZED,
        why=text("Railway refused the token"),
        regain=text("set RAILWAY_TOKEN to a token of this project"),
    )
    log = evidence("worker.log", None, status=Status.FAILED, failure=refused)
    made = Diagnosis(
        scope=asked,
        finished_at=NOW + timedelta(seconds=3),
        elapsed_s=3.1,
        partial=False,
        severity=Severity.CRITICAL,
        causes=(
            Cause(
                id="redis.name_unresolved",
                confidence=0.93,
                title=text("The worker cannot resolve the Redis host name"),
                component="redis",
                runbook="worker-not-processing",
                branch="1.A1",
                explains=("worker.health", "queue.depth"),
                remediations=("set-worker-variable",),
                steps=(text("Compare the host in Railway with the Upstash console"),),
            ),
            Cause(
                id="redis.unreachable",
                confidence=0.05,
                title=text("Redis cannot be reached"),
                component="redis",
                runbook="worker-not-processing",
                branch="1.A2",
                explains=("worker.health",),
                against=("worker.redis",),
            ),
        ),
        findings=(
            finding("worker.log", Severity.UNKNOWN, value=None, threshold=None, evidence=("worker.log",), command=""),
            finding(),
            finding(
                "worker.health", Severity.OK, evidence=("worker.health",), command="curl -m 5 https://worker/health"
            ),
        ),
        blind_spots=(BlindSpot(check="worker.log", why=refused.why, regain=refused.regain),),
        limits=(Limit(what=text("Upstash has no usage API"), link="https://console.upstash.com"),),
        next_step=text("Compare the host in Railway with the Upstash console"),
        next_probe=None,
        clock=Clock(
            onset_age_s=1680.0,
            response_started_at=asked.response_started_at,
            escalate_at=NOW + timedelta(minutes=11),
            overdue=False,
            contacts=asked.contacts,
        ),
        spent=Cost(elapsed_s=3.1, http_requests=7, redis_commands=31),
        onset_at=NOW - timedelta(minutes=28),
        onset_interval=(NOW - timedelta(minutes=30), NOW - timedelta(minutes=28)),
        timeline=(
            TimelineEvent(at=NOW - timedelta(minutes=28), what=text("the symptom begins"), evidence=("queue.events",)),
        ),
        evidence=(health, state(1204), events(steps, since_ms=NOW_MS - 170 * MINUTE), log),
    )
    return replace(made, **changes)
