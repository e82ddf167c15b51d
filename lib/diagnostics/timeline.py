"""What happened when: dated facts from the evidence, and the onset they imply."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from diagnostics.checks.errors_issue import going_on, leading
from diagnostics.checks.words import WORDS
from diagnostics.model import Finding, TimelineEvent
from diagnostics.readings import (
    QueueEvents,
    QueueState,
    RailwayService,
    SentryIssues,
    Symptom,
    VercelDeployments,
    WorkerLog,
)
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import text
from diagnostics.trends.depth import main_queue
from diagnostics.trends.paused import paused_since
from diagnostics.trends.piling import SOURCES, piled_since
from diagnostics.trends.site import failing_since

Dated = tuple[datetime | None, tuple[datetime, datetime] | None]
"""A moment, and the interval it lies in where that is known."""
_ABNORMAL = (Severity.WARNING, Severity.CRITICAL)
_EDGE = timedelta(seconds=30)
"""Trouble so soon after the log's first line was there before it."""
_LATE_MS = 300_000
"""So far back from the newest bad line reaches what fails now."""
_LULL = timedelta(minutes=10)
"""So long without a bad line ends a trouble: what was bad before is another one."""
_FEW = 4
"""Pauses and their ends that a timeline shows."""
_STOPPED = frozenset(
    {"worker.redis", "worker.health", "worker.errors", "queue.progress", "queue.paused", "worker.deployment"}
)
_NOT_FAILING = frozenset({"frontend.latency", "frontend.build", "frontend.deployment"})
"""Findings that no failed request of the site stands for: what is slow or half built is dated by none."""
_PILES = frozenset({"queue.depth", "worker.capacity", "queue.limiter", "queue.concurrency"})
_IN_LOG = frozenset({"jobs.failures", "jobs.reason", "worker.errors", "worker.restarts", "database.impact"})
"""Findings that bad lines of the worker's log stand for: without one of them an old line dates nothing."""


def onset(seen: Seen, scope: Scope, findings: tuple[Finding, ...]) -> Dated:
    """When the abnormal state began: the last good moment and the first bad one that follows it.

    Returns: the first bad moment, and the interval from the last good one to it; `None` when healthy or not dated.
    An interval from the window's start says that the trouble is older than what the log still holds.
    """
    abnormal = {f.id for f in findings if f.severity in _ABNORMAL}
    if "queue.paused" in abnormal and (paused := _paused_since(seen, scope)):
        return paused, None
    if abnormal & _STOPPED and (good := _last_good(seen)) is not None:
        return _stopped(seen, scope, good)
    is_of_site = bool(abnormal) and all(name.startswith("frontend.") for name in abnormal)
    if is_of_site or ("frontend.errors" in abnormal and not abnormal & _STOPPED):
        return _of_site(seen, scope) if abnormal - _NOT_FAILING else (None, None)
    if "errors.issues" in abnormal and not abnormal & _STOPPED and (began := _issue_since(seen, scope)):
        return began, None
    bad = _first_bad(seen) if abnormal else []
    if not bad or (abnormal & _PILES and not abnormal & _IN_LOG):
        return _piled(seen, scope) if abnormal & _PILES else (None, None)
    first = _unbroken(_leading(seen))
    return first, (scope.window.since, first) if _is_cut_within(seen, first) else None


def _stopped(seen: Seen, scope: Scope, good: datetime) -> Dated:
    """After the last that went well."""
    first = next((at for at in _first_bad(seen) if at >= good), None)
    # The first line of a log that begins in the middle of the trouble is not its first.
    is_first = first is not None and not _is_cut_within(seen, first)
    if first is None and good > scope.now:
        # Something went well after we began to look: nothing here tells when it stopped.
        return None, None
    return (first if first and is_first else good), (good, first or good)


def _of_site(seen: Seen, scope: Scope) -> Dated:
    """What the worker wrote says nothing about the site."""
    found = failing_since(seen, scope)
    if found is None:
        return None, None
    began, early, late = found
    return _utc(began), (_utc(early), _utc(late))


def events(
    seen: Seen, scope: Scope, since: datetime | None, interval: tuple[datetime, datetime] | None
) -> tuple[TimelineEvent, ...]:
    """Dated facts inside the window, oldest first; `since` and `interval` are those of `onset`."""
    found = [
        *_deployments(seen),
        *_releases(seen),
        *_issues(seen, scope),
        *_symptoms(seen),
        *_queue(seen),
        *_pauses(seen),
    ]
    if since is not None:
        is_cut = interval is not None and interval[0] <= scope.window.since
        what = (
            text("the symptom is there already (the log begins here)")
            if is_cut
            else text("the symptom begins (first sign in the evidence)")
        )
        found.append(TimelineEvent(at=since, what=what, evidence=_dated_by(seen, scope, since)))
    inside = [e for e in found if scope.window.since <= e.at]
    return tuple(sorted(inside, key=lambda e: (e.at, e.what.msgid)))


def _last_good(seen: Seen) -> datetime | None:
    """The newest finished job in queue or log."""
    times = []
    state = seen.reading(QueueState)
    for queue in state.second if state else ():
        times += [queue.newest_completed_at] if queue.newest_completed_at else []
    log = seen.reading(WorkerLog)
    done = [e.at_ms for e in log.events if e.event == "job.complete"] if log else []
    times += [_utc(done[-1])] if done else []
    return max(times, default=None)


def _piled(seen: Seen, scope: Scope) -> Dated:
    """Since when more jobs wait than the slots can take, where a source saw the time before."""
    found = piled_since(seen, scope)
    if found is None:
        return None, None
    at, (early, late) = found
    return _utc(at), (_utc(early), _utc(late))


def _paused_since(seen: Seen, scope: Scope) -> datetime | None:
    """The moment somebody paused the queue that is judged, if its events still hold it."""
    found = paused_since(seen, main_queue(seen, scope))
    return _utc(found[0]) if found and found[1] else None


def _first_bad(seen: Seen) -> list[datetime]:
    """Times of trouble in the log, oldest first."""
    log = seen.reading(WorkerLog)
    return [_utc(e.at_ms) for e in log.events if e.symptom is not None] if log else []


def _leading(seen: Seen) -> list[datetime]:
    """Times of what fails most of late, oldest first: a customer's odd failure an hour ago is another matter."""
    log = seen.reading(WorkerLog)
    bad = [e for e in log.events if e.symptom is not None] if log else []
    of_late = Counter(e.symptom for e in bad if e.at_ms > bad[-1].at_ms - _LATE_MS)
    leading = of_late.most_common(1)[0][0]
    return [_utc(e.at_ms) for e in bad if e.symptom is leading]


def _unbroken(bad: list[datetime]) -> datetime:
    """The first bad line of the trouble that lasts until now."""
    later = bad[-1]
    for at in reversed(bad):
        if later - at > _LULL:
            break
        later = at
    return later


def _deployments(seen: Seen) -> list[TimelineEvent]:
    service = seen.reading(RailwayService)
    return [
        TimelineEvent(
            at=d.created_at,
            what=text("deployment {id} of the worker created, now {status}", id=d.id[:8], status=d.status),
            evidence=seen.ids("railway.service"),
        )
        for d in (service.deployments if service else ())
    ]


def _releases(seen: Seen) -> list[TimelineEvent]:
    """Deployments of the site, and who serves by promote or rollback."""
    told, ids = seen.reading(VercelDeployments), seen.ids("vercel.deployments")
    request = told.alias_request if told else None
    found = [
        TimelineEvent(
            at=d.created_at,
            what=text("deployment {id} of the site created, now {status}", id=d.id, status=d.state),
            evidence=ids,
        )
        for d in (told.deployments if told else ())
    ]
    if request and request.requested_at:
        what = text("{kind} of the site to {id}: {status}", kind=request.kind, id=request.to_id, status=request.status)
        found.append(TimelineEvent(at=request.requested_at, what=what, evidence=ids))
    return found


def _issues(seen: Seen, scope: Scope) -> list[TimelineEvent]:
    """First event of each issue in Sentry that is more than a trickle."""
    issues, ids = seen.reading(SentryIssues), seen.ids("sentry.issues")
    return [
        TimelineEvent(
            at=issue.first_seen,
            what=text("first event of {name} in Sentry: {kind}", name=issue.short_id, kind=issue.kind or issue.culprit),
            evidence=ids,
        )
        for issue in (going_on(issues, scope.window.until) if issues else ())
    ]


def _issue_since(seen: Seen, scope: Scope) -> datetime | None:
    """Since when the issue that counts now is there, if it began within the window."""
    issues = seen.reading(SentryIssues)
    found = going_on(issues, scope.window.until) if issues else []
    issue = leading(seen, scope.window.until) or (found[0] if found else None)
    return issue.first_seen if issue and issue.first_seen >= scope.window.since else None


def _symptoms(seen: Seen) -> list[TimelineEvent]:
    """First and last line of each symptom we have a word for."""
    log = seen.reading(WorkerLog)
    first: dict[Symptom, int] = {}
    last: dict[Symptom, int] = {}
    for event in log.events if log else ():
        if event.symptom is not None and event.symptom is not Symptom.OTHER:
            first.setdefault(event.symptom, event.at_ms)
            last[event.symptom] = event.at_ms
    ids = seen.ids("worker.log")
    found = [
        TimelineEvent(at=_utc(ms), what=text("first in the log: {symptom}", symptom=WORDS[symptom]), evidence=ids)
        for symptom, ms in first.items()
    ]
    return found + [
        TimelineEvent(at=_utc(ms), what=text("last in the log: {symptom}", symptom=WORDS[symptom]), evidence=ids)
        for symptom, ms in last.items()
        if ms > first[symptom]
    ]


def _queue(seen: Seen) -> list[TimelineEvent]:
    state = seen.reading(QueueState)
    return [
        TimelineEvent(
            at=queue.newest_completed_at,
            what=text("the newest completed job of {queue} ends", queue=queue.name),
            evidence=seen.ids("queue.state"),
        )
        for queue in (state.second if state else ())
        if queue.newest_completed_at
    ]


def _pauses(seen: Seen) -> list[TimelineEvent]:
    """The newest pauses of the queue and their ends."""
    events = seen.reading(QueueEvents)
    if events is None:
        return []
    told = {
        "paused": text("{queue} is paused by somebody", queue=events.queue),
        "resumed": text("{queue} is resumed", queue=events.queue),
    }
    turns = [(at, kind) for at, kind in zip(events.at_ms, events.kind, strict=True) if kind in told]
    return [
        TimelineEvent(at=_utc(at), what=told[kind], evidence=seen.ids("queue.events")) for at, kind in turns[-_FEW:]
    ]


def _is_cut_within(seen: Seen, first_bad: datetime) -> bool:
    """Whether the log begins in the middle of the trouble: then nobody knows when that began."""
    log = seen.reading(WorkerLog)
    if log is None or not log.is_truncated or log.since_ms is None:
        return False
    return first_bad <= _utc(log.since_ms) + _EDGE


def _dated_by(seen: Seen, scope: Scope, since: datetime) -> tuple[str, ...]:
    """The evidence that gave the onset its time: the log's first trouble, the depth, or the newest end of a job."""
    if since == _paused_since(seen, scope):
        return seen.ids("queue.events")
    if since == _of_site(seen, scope)[0]:
        return seen.ids("vercel.logs")
    if since == _issue_since(seen, scope):
        return seen.ids("sentry.issues")
    if since not in _first_bad(seen) and since != _last_good(seen) and _piled(seen, scope)[0] == since:
        return tuple(e.id for e in seen.evidence if e.probe in SOURCES and e.reading is not None)
    return seen.ids("worker.log") if since in _first_bad(seen) else seen.ids("queue.state", "worker.log")


def _utc(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
