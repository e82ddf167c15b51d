"""What is known here and now, in the first step: what slots would do, whose a lock is, what served before."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from math import isfinite

from diagnostics.checks.database_keys import site_refused
from diagnostics.checks.database_load import LOCK_WAIT_S, lock_root
from diagnostics.model import Cause, FailureKind, Finding
from diagnostics.readings import (
    BlockedSession,
    PostgresActivity,
    RailwayService,
    RedisPlan,
    SitePages,
    SupabaseProject,
    VercelDeployments,
    VercelRequests,
)
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.text import Text, text
from diagnostics.trends.capacity import capacity
from diagnostics.trends.jobtypes import job_types, slowdown
from diagnostics.trends.whatif import Lever, WhatIf, outlook, what_ifs

_ADVISED = ("traffic.surge", "traffic.burst", "worker.concurrency_too_low")
"""Causes whose remedy is more slots."""
_CRASHING, _DOWN = "worker.crash_loop", "database.down"
_RAN = ("SUCCESS", "REMOVED", "SLEEPING")
"""Railway's words for a deployment that served until another one took over."""
_DRAINING = "traffic.burst"
_ROLLED_BACK = ("frontend.bad_release", "errors.release_regression")
"""Causes whose remedy is the release before."""


def advised(causes: tuple[Cause, ...], findings: tuple[Finding, ...], seen: Seen, scope: Scope) -> tuple[Cause, ...]:
    """`causes`, whose first step names what was found.

    Those that call for slots say what each number of slots would do; a lock, whose it is; a rollback, to what. What is
    not known leaves the step as it is written.
    """
    keys = next((f.state for f in findings if f.id == "database.keys"), "")
    causes = tuple(_keyed(_named(cause, seen), keys, seen, scope) for cause in causes)
    if not any(cause.id in _ADVISED for cause in causes):
        return causes
    room = capacity(seen, scope)
    if room is None or not room.backlog:
        return causes
    types, _ = job_types(seen)
    changes = what_ifs(room, types=types, findings=findings, slower=slowdown(seen))
    slots = [c for c in changes if c.lever in (Lever.CONCURRENCY, Lever.REPLICAS)]
    others = [c for c in changes if c not in slots and not (c.harm or c.idle) and isfinite(c.drain_s.value)]
    return tuple(_with(cause, slots, others, outlook(room)) if cause.id in _ADVISED else cause for cause in causes)


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
    if cause.id == "database.lock_contention" and (activity := seen.reading(PostgresActivity)) is not None:
        return _oldest(cause, activity)
    if cause.id in (*_ROLLED_BACK, _CRASHING) and (before := _before(cause, seen)) is not None:
        told = text(
            "{step} The release before is {id}, of {time} UTC.",
            step=cause.steps[0],
            id=before[1],
            time=f"{before[0]:%Y-%m-%d %H:%M}",
        )
        return _first(cause, told)
    if cause.id == "frontend.environment_missing" and (names := _missing(seen)):
        return _first(cause, text("Missing: {names}. {step}", names=", ".join(names), step=cause.steps[0]))
    if cause.id == "redis.unreachable" and (lost_where := _from_here(seen)) is not None:
        return replace(cause, steps=(cause.steps[0], lost_where, *cause.steps[2:]))
    return _unpaused(cause, seen) if cause.id == _DOWN else cause


def _from_here(seen: Seen) -> Text | None:
    """What our own connection says of where Redis is lost; `None` where it says nothing of the worker's way there.

    Over REST it does not: the worker comes over TCP.
    """
    connection, plan = seen.of("redis.connection"), seen.reading(RedisPlan)
    if connection is None or (plan is not None and plan.state != "active"):
        return None
    if connection.reading is not None and connection.source.startswith("https"):
        return None
    if connection.reading is not None:
        return text(
            "Redis answers from here, so the fault lies between Railway and Upstash: see https://status.railway.com, "
            "and tell Railway's support that Upstash is out of the worker's reach."
        )
    if seen.failed_as("redis.connection") not in (FailureKind.UNREACHABLE, FailureKind.TIMEOUT, FailureKind.DEADLINE):
        return None
    return text(
        "Redis does not answer from here either. Suspended: reactivate it. An incident: wait for its end. Neither: "
        "open a ticket in the Upstash console."
    )


def _first(cause: Cause, told: Text) -> Cause:
    """The cause with another first step."""
    return replace(cause, steps=(told, *cause.steps[1:]))


def _oldest(cause: Cause, activity: PostgresActivity) -> Cause:
    """Where nobody waits at the moment, the oldest open transaction is the suspect."""
    age_s = activity.oldest_transaction_s
    if age_s is None or not age_s >= LOCK_WAIT_S:
        return cause
    told = text(
        "Look first at the oldest open transaction, {s:.0f} s old ({application}). {step}",
        s=age_s,
        application=activity.oldest_transaction_of or "?",
        step=cause.steps[0],
    )
    return _first(cause, told)


def _missing(seen: Seen) -> tuple[str, ...]:
    """Names of the variables that the site itself says it lacks, on its pages or in its log."""
    pages, requests = seen.reading(SitePages), seen.reading(VercelRequests)
    told = [path.variable for path in pages.paths if path.variable] if pages else []
    return tuple(dict.fromkeys([*told, *(requests.variables if requests else ())]))


def _unpaused(cause: Cause, seen: Seen) -> Cause:
    """A project that Supabase calls active has nothing to be restored. Any other word, or none, leaves the steps."""
    project = seen.reading(SupabaseProject)
    if project is None or not project.status.startswith("ACTIVE_"):
        return cause
    kept = tuple(action for action in cause.remediations if action != "restore-database")
    told = text(
        "Supabase calls the project {status}, so it is not paused. Does it restart, or is its disk full? If neither, "
        "and it is not back in a few minutes: Supabase → Settings → General → Restart project.",
        status=project.status,
    )
    return replace(_first(cause, told), remediations=kept)


def _keyed(cause: Cause, state: str, seen: Seen, scope: Scope) -> Cause:
    """The cause with the refused key, its side and its variable in the first step; only that side is changed."""
    side = _SIDES.get(state)
    if cause.id != "database.credentials_rejected" or side is None:
        return cause
    is_anon = state.startswith("frontend") and "service" not in site_refused(seen)
    variable = _ANON_VARIABLE if is_anon or state == "anon_rejected" else scope.facts.supabase_service_variable
    step, change, needs_build = side
    kept = [action for action in cause.remediations if action not in _SETS or action == change]
    steps = cause.steps[1:] if needs_build else cause.steps[-1:]
    return replace(cause, steps=(text(step.msgid, variable=variable), *steps), remediations=tuple(kept))


_ANON_VARIABLE = "NEXT_PUBLIC_SUPABASE_ANON_KEY"
_SETS = ("set-worker-variable", "set-frontend-variable")
_SIDES = {
    "worker_rejected": (
        text(
            "The worker's key is refused and ours works: copy service_role from Supabase → Settings → API Keys into "
            "{variable} on Railway → Worker Service → Variables."
        ),
        "set-worker-variable",
        False,
    ),
    "frontend_rejected": (
        text(
            "The site's key is refused and ours works: copy the key from Supabase → Settings → API Keys into "
            "{variable} on Vercel."
        ),
        "set-frontend-variable",
        True,
    ),
    "frontend_refused": (
        text(
            "The site's key is refused: copy the key from Supabase → Settings → API Keys into {variable} on Vercel, "
            "and look whether the worker's is refused too."
        ),
        "set-frontend-variable",
        True,
    ),
    "anon_rejected": (
        text("The anon key is refused: copy it from Supabase → Settings → API Keys into {variable} on Vercel."),
        "set-frontend-variable",
        True,
    ),
}
"""By the state of database.keys: what to do first, which change that is, and whether a build is needed after it."""


def _holder(seen: Seen) -> BlockedSession | None:
    """The session that the finding names, unless it waits itself: then the one to end is not known."""
    activity = seen.reading(PostgresActivity)
    root = lock_root(activity) if activity else None
    return None if root is None or root.is_blocker_waiting else root


def _before(cause: Cause, seen: Seen) -> tuple[datetime, str] | None:
    """The newest release of the site, or deployment of the worker, that ran before the one that is there now."""
    service, site = seen.reading(RailwayService), seen.reading(VercelDeployments)
    if cause.id == _CRASHING:
        now = service.latest if service else None
        ran = [(d.created_at, d.id[:8]) for d in (service.deployments if service else ()) if d.status in _RAN]
        return max((found for found in ran if now and found[0] < now.created_at), default=None)
    serving = site.serving if site else None
    ran = [(d.created_at, d.id) for d in (site.deployments if site else ()) if d.state == "READY"]
    return max((found for found in ran if serving and found[0] < serving.created_at), default=None)


def _with(cause: Cause, changes: list[WhatIf], others: list[WhatIf], now: Text) -> Cause:
    """The step told with its effect: the first change that helps, instead of one that would do harm or nothing."""
    first, *later = cause.steps
    later = [*(text("Or {change}: {effect}.", change=c.change, effect=c.effect) for c in others), *later]
    forecast, harmful = _said(changes, now=now), {c.lever for c in changes if c.harm}
    helpful = [c for c in changes if not c.harm and not c.idle]
    sure = next((c for c in helpful if isfinite(c.drain_s.high)), None)
    kept = tuple(action for action in cause.remediations if _LEVERS.get(action) not in harmful)
    if cause.id == _DRAINING:
        # It drains by itself: a lever that does no harm is no reason to pull it.
        told = text("{step} {forecast}", step=first, forecast=forecast)
    elif sure and harmful:
        told = text(
            "Set {change} ({place}). {forecast}", change=sure.change, place=_PLACES[sure.lever], forecast=forecast
        )
    elif helpful and not any(isfinite(c.drain_s.value) for c in helpful):
        told = text(
            "More slots alone do not drain it: pause the producer that adds most, too. {forecast}", forecast=forecast
        )
        kept = (*(action for action in kept if action not in _LEVERS), "notify-team")
    else:
        told = forecast if harmful else text("{step} {forecast}", step=first, forecast=forecast)
    return replace(cause, steps=(told, *later), remediations=kept)


_LEVERS = {"set-job-concurrency": Lever.CONCURRENCY, "set-replicas": Lever.REPLICAS}
_PLACES = {
    Lever.CONCURRENCY: "Railway → Worker Service → Variables",
    Lever.REPLICAS: "Railway → Worker Service → Settings → Scaling",
}


def _said(changes: list[WhatIf], *, now: Text) -> Text:
    """One sentence: as it is, then each change with its effect; the warning alone where all of them do harm."""
    if all(c.harm for c in changes):
        return text("Leave concurrency and replicas alone: {effect}.", effect=changes[0].effect)
    if all(c.idle for c in changes):
        return text("More slots change nothing: {why}.", why=changes[0].idle or "")
    one, two, three = [text("{change}: {effect}", change=c.change, effect=c.effect) for c in changes]
    return text("As it is, the queue {now}. {one}; {two}; {three}.", now=now, one=one, two=two, three=three)
