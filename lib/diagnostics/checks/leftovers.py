"""Judgements about jobs that are over and still matter: old failures, and ids that block new jobs."""

from __future__ import annotations

from diagnostics.checks.finding import TOO_LITTLE, blind, redis_cli, unread
from diagnostics.checks.subject import absent, key_of, main_queue
from diagnostics.model import Finding
from diagnostics.readings import QueueEvents
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

MANY_FAILED = 500
"""Failed jobs kept beyond this are a pile. Source: the runbook's T2, applied to failed jobs; producers keep 100."""
MANY_REFUSALS = 5
"""Refusals of one job id from which nobody is pressing a button twice."""


def check_queue_failed(seen: Seen, scope: Scope) -> Finding:
    """Judge how many failed jobs are kept. The old script always says 0: it measures a list, and this is a set."""
    queue = main_queue(seen, scope)
    command = redis_cli(scope.facts, "ZCARD", key_of(scope, "failed"))
    if queue is None:
        return blind("queue.failed", seen, "queue.state", command=command)
    if not queue.is_present:
        return absent("queue.failed", seen, queue, command)
    if queue.failed is None or queue.failed < 0:
        return unread("queue.failed", seen, "queue.state", command=command)
    is_pile = queue.failed > MANY_FAILED
    return Finding(
        id="queue.failed",
        severity=Severity.WARNING if is_pile else Severity.OK,
        state="pile" if is_pile else "few",
        sentence=text("{count} failed jobs are kept in {queue}", count=queue.failed, queue=queue.name),
        value=float(queue.failed),
        unit="jobs",
        threshold=float(MANY_FAILED),
        evidence=seen.ids("queue.state"),
        command=command,
    )


def check_queue_refusals(seen: Seen, scope: Scope) -> Finding:
    """Judge whether new jobs are silently refused because an ended one still holds their id.

    Refusals while the first job waits or runs are what fixed ids are for.
    Source: `duplicated` steps of the event stream; row 2.13 of the platform's incidents.
    """
    events = seen.reading(QueueEvents)
    command = redis_cli(scope.facts, "XREVRANGE", key_of(scope, "events"), "+ - COUNT 1000")
    if events is None:
        return blind("queue.refusals", seen, "queue.events", command=command)
    is_blocked = events.refused_most >= MANY_REFUSALS and events.refused_by == "finished"
    return Finding(
        id="queue.refusals",
        severity=Severity.WARNING if is_blocked else Severity.OK,
        state="blocked" if is_blocked else TOO_LITTLE if not events.at_ms else "few",
        sentence=_refusal_sentence(events, is_blocked),
        value=float(events.refused_most),
        unit="jobs",
        threshold=float(MANY_REFUSALS - 1),
        evidence=seen.ids("queue.events"),
        command=command,
    )


def _refusal_sentence(events: QueueEvents, is_blocked: bool) -> Text:
    if is_blocked:
        return text(
            "one job id was refused {count} times: an ended job of type {job} still holds it",
            count=events.refused_most,
            job=events.refused_name,
        )
    if events.refused_most:
        return text("no job id was refused more than {count} times for an ended job", count=events.refused_most)
    return text("no job was refused for its id")


CHECKS = (check_queue_failed, check_queue_refusals)
