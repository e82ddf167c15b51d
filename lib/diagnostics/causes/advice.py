"""What a remedy would do here and now: the computed number in front of the steps that recommend slots."""

from __future__ import annotations

from dataclasses import replace

from diagnostics.model import Cause, Finding
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.text import Text, text
from diagnostics.trends.capacity import capacity
from diagnostics.trends.jobtypes import job_types, slowdown
from diagnostics.trends.whatif import Lever, WhatIf, outlook, what_ifs

_ADVISED = ("traffic.surge", "traffic.burst", "worker.concurrency_too_low")
"""Causes whose remedy is more slots."""


def advised(causes: tuple[Cause, ...], findings: tuple[Finding, ...], seen: Seen, scope: Scope) -> tuple[Cause, ...]:
    """`causes`; those that call for slots say in their first step what each number of slots would do.

    Where no forecast is possible, or nothing waits, the steps stay as they are written.
    """
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
