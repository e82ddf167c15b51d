"""What is known here and now, in the first step: what slots would do, whose a lock is, what served before."""

from __future__ import annotations

from dataclasses import replace

from diagnostics.model import Cause, Finding
from diagnostics.readings import BlockedSession, PostgresActivity, VercelDeployment, VercelDeployments
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.text import Text, text
from diagnostics.trends.capacity import capacity
from diagnostics.trends.jobtypes import job_types, slowdown
from diagnostics.trends.whatif import Lever, WhatIf, outlook, what_ifs

_ADVISED = ("traffic.surge", "traffic.burst", "worker.concurrency_too_low")
"""Causes whose remedy is more slots."""
_ROLLED_BACK = ("frontend.bad_release", "errors.release_regression")
"""Causes whose remedy is the release before."""


def advised(causes: tuple[Cause, ...], findings: tuple[Finding, ...], seen: Seen, scope: Scope) -> tuple[Cause, ...]:
    """`causes`, whose first step names what was found.

    Those that call for slots say what each number of slots would do; a lock, whose it is; a rollback, to what. What is
    not known leaves the step as it is written.
    """
    causes = tuple(_named(cause, seen) for cause in causes)
    if not any(cause.id in _ADVISED for cause in causes):
        return causes
    room = capacity(seen, scope)
    if room is None or not room.backlog:
        return causes
    types, _ = job_types(seen)
    changes = what_ifs(room, types=types, findings=findings, slower=slowdown(seen))
    slots = [c for c in changes if c.lever in (Lever.CONCURRENCY, Lever.REPLICAS)]
    forecast, is_harmful = _said(slots, now=outlook(room)), any(c.harm for c in slots)
    return tuple(_with(cause, forecast, is_harmful) if cause.id in _ADVISED else cause for cause in causes)


def _named(cause: Cause, seen: Seen) -> Cause:
    """The cause with the one who holds the lock, or the release to go back to, in its first step."""
    if cause.id == "database.lock_contention" and (holder := _holder(seen)) is not None:
        told = text(
            "Session {pid} ({application}, {state}) holds the lock on {relation}: ask its owner, then end it with "
            "select pg_terminate_backend({pid}).",
            pid=holder.blocker_pid,
            application=holder.blocker_application or "?",
            state=holder.blocker_state or "?",
            relation=holder.relation or "?",
        )
        return replace(cause, steps=(told, *cause.steps))
    if cause.id in _ROLLED_BACK and (before := _before(seen)) is not None:
        first, *others = cause.steps
        told = text(
            "{step} The release before is {id}, of {time} UTC.",
            step=first,
            id=before.id,
            time=f"{before.created_at:%Y-%m-%d %H:%M}",
        )
        return replace(cause, steps=(told, *others))
    return cause


def _holder(seen: Seen) -> BlockedSession | None:
    """The session that others wait for and that waits for nobody."""
    activity = seen.reading(PostgresActivity)
    return next((b for b in (activity.blocked if activity else ()) if not b.is_blocker_waiting), None)


def _before(seen: Seen) -> VercelDeployment | None:
    """The newest release that was ready before the one that serves was made."""
    told = seen.reading(VercelDeployments)
    if told is None or told.serving is None:
        return None
    older = [d for d in told.deployments if d.state == "READY" and d.created_at < told.serving.created_at]
    return max(older, key=lambda d: d.created_at, default=None)


def _with(cause: Cause, forecast: Text, is_harmful: bool) -> Cause:
    """A step that would do harm gives way to the warning; any other is told with its effect."""
    first, *others = cause.steps
    told = forecast if is_harmful else text("{step} {forecast}", step=first, forecast=forecast)
    return replace(cause, steps=(told, *others))


def _said(changes: list[WhatIf], *, now: Text) -> Text:
    """One sentence: as it is, then each change with its effect; the warning alone where all of them do harm."""
    if all(c.harm for c in changes):
        return text("Leave concurrency and replicas alone: {effect}.", effect=changes[0].effect)
    if all(c.idle for c in changes):
        return text("More slots change nothing: {why}.", why=changes[0].idle or "")
    one, two, three = [text("{change}: {effect}", change=c.change, effect=c.effect) for c in changes]
    return text("As it is, the queue {now}. {one}; {two}; {three}.", now=now, one=one, two=two, three=three)
