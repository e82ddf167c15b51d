"""Judgements about the worker's log lines: which trouble is still going on, and how replicas started."""

from __future__ import annotations

from collections import Counter

from diagnostics.checks.finding import blind
from diagnostics.checks.words import WORDS
from diagnostics.model import Finding
from diagnostics.readings import LogEvent, Symptom, WorkerLog
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import Text, text

RECENT_MS = 10 * 60 * 1000
"""Starts older than this say nothing about the present."""
MANY_STARTS = 2
"""Unexplained starts within `RECENT_MS` that make a pattern: one is a fluke."""
MANY_STALLS = 3
"""Lines about stalled jobs that make a trouble: after a restart a few are how BullMQ recovers."""

_STARTUP = (Symptom.ENVIRONMENT_INVALID, Symptom.QUEUE_NAME_ILLEGAL, Symptom.MODULE_MISSING)
_REDIS = (
    Symptom.CREDENTIALS_REJECTED,
    Symptom.AUTH_TIMED_OUT,
    Symptom.NAME_UNRESOLVED,
    Symptom.NAME_TEMPORARY,
    Symptom.QUOTA_EXHAUSTED,
    Symptom.REFUSED,
    Symptom.TIMED_OUT,
    Symptom.RESET,
    Symptom.READ_ONLY,
)
_RUNNING = (Symptom.OUT_OF_MEMORY, Symptom.HEAP_FULL, Symptom.LOCK_LOST, Symptom.STALLED)
_RECOVERY = {
    **dict.fromkeys(_STARTUP, ("worker.ready",)),
    # BullMQ repeats an error of the connection a second late; a job that starts was fetched from Redis.
    **dict.fromkeys(_REDIS, ("redis.ready", "worker.ready", "job.start")),
    **dict.fromkeys(_RUNNING, ("worker.ready",)),
}
"""Which later line proves that a symptom is over."""
_COMMAND = 'railway logs --service "$RUNBOOK_RAILWAY__SERVICE_ID" --lines 500'


def check_worker_errors(seen: Seen, scope: Scope) -> Finding:
    """Judge which known trouble the log still shows. Source: runbook 1.D2, 1.S3.

    A symptom counts while no later line proves recovery. Failures of single jobs are judged by `jobs.failures`.
    """
    log = seen.reading(WorkerLog)
    if log is None:
        return blind("worker.errors", seen, "worker.log", command=_COMMAND)
    active = _active(log)
    known = [s for s in (*_STARTUP, *_REDIS, *_RUNNING) if s in active]
    troubles = [s for s in known if s not in _RUNNING or active[s] >= MANY_STALLS]
    symptom = next(iter(troubles or known), None)
    count = active[symptom] if symptom else 0
    is_trouble = bool(troubles)
    return Finding(
        id="worker.errors",
        severity=Severity.WARNING if is_trouble else Severity.OK,
        state=symptom.value if symptom and is_trouble else "quiet",
        sentence=text(
            "{count} log lines with no recovery after them: {symptom}",
            symptom=WORDS[symptom],
            count=count,
        )
        if symptom and is_trouble
        else _quiet(log),
        value=float(count),
        unit="lines",
        evidence=seen.ids("worker.log"),
        command=_COMMAND,
    )


def _quiet(log: WorkerLog) -> Text:
    """Jobs that fail are judged elsewhere, but a reader of "no trouble" must know that they are there."""
    failed = sum(event.event == "job.failed" for event in log.events)
    if failed:
        return text(
            "the worker itself has no known trouble in {lines} log lines; {failed} of them are failed jobs",
            lines=len(log.events),
            failed=failed,
        )
    return text("no known trouble is going on in {lines} log lines", lines=len(log.events))


def check_worker_restarts(seen: Seen, scope: Scope) -> Finding:
    """Judge how replicas came to start again within the last ten minutes.

    A start after a shutdown line is a deploy; after an error line, a crash; after neither, the process was killed.
    """
    log = seen.reading(WorkerLog)
    if log is None:
        return blind("worker.restarts", seen, "worker.log", command=_COMMAND)
    recent = [e for e in log.events if e.at_ms >= log.until_ms - RECENT_MS]
    killed, crashed = _unexplained_starts(recent)
    is_many = killed + crashed >= MANY_STARTS
    state = "steady" if not is_many else "killed" if killed > crashed else "crashing"
    return Finding(
        id="worker.restarts",
        severity=Severity.OK if state == "steady" else Severity.CRITICAL,
        state=state,
        sentence=text(
            "in ten minutes replicas started again {killed} times after vanishing without a word and {crashed} times "
            "after an error",
            killed=killed,
            crashed=crashed,
        ),
        value=float(killed + crashed),
        unit="starts",
        threshold=float(MANY_STARTS - 1),
        evidence=seen.ids("worker.log"),
        command=_COMMAND,
    )


def _active(log: WorkerLog) -> Counter[Symptom]:
    """Symptoms newer than the last line that proves them over.

    The proof is a line of the same replica, or another's readiness after this one fell silent for good.
    """
    proofs: dict[tuple[str, str], int] = {}
    last_word: dict[str, int] = {}
    for event in log.events:
        proofs[event.instance, event.event] = event.at_ms
        last_word[event.instance] = event.at_ms
    active: Counter[Symptom] = Counter()
    for event in log.events:
        if event.symptom is None or event.job_name or event.at_ms < log.until_ms - RECENT_MS:
            continue
        over = False
        for (instance, name), at_ms in proofs.items():
            if name in _RECOVERY.get(event.symptom, ()):
                over |= at_ms > (event.at_ms if instance == event.instance else last_word[event.instance])
        if not over:
            active[event.symptom] += 1
    return active


def _unexplained_starts(events: list[LogEvent]) -> tuple[int, int]:
    """Starts after nothing (killed) and after an error (crashed)."""
    last: dict[str, LogEvent] = {}
    started: set[str] = set()
    killed = crashed = 0
    for event in events:
        before = last.get(event.instance)
        is_again = event.event == "worker.start" and event.instance in started
        if is_again and before is not None and not before.event.startswith("worker.shutdown"):
            # A job that failed last is no reason to die; a full heap is, and it is the host's limit that was met.
            has_crashed = before.level == "error" and not before.job_name and before.symptom is not Symptom.HEAP_FULL
            if has_crashed or before.symptom in _STARTUP:
                crashed += 1
            else:
                killed += 1
        if event.event == "worker.start":
            started.add(event.instance)
        last[event.instance] = event
    return killed, crashed


CHECKS = (check_worker_errors, check_worker_restarts)
