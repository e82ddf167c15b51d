"""Run the probes under deadline and budget, then judge; or judge recorded evidence."""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime

from diagnostics.budget import HTTP_REQUESTS, REDIS_COMMANDS, Budget
from diagnostics.clients.systems import Systems, connect
from diagnostics.judgement import conclude
from diagnostics.model import Diagnosis, Evidence, Failure, FailureKind, Probe, Runbook, Status
from diagnostics.records import Trailer, redacted
from diagnostics.redaction import Redactor
from diagnostics.scope import Scope
from diagnostics.settings import Settings
from diagnostics.text import text

RAISE_BUGS = False
"""Tests set this: a bug in a probe then raises instead of costing one blind spot."""
_GRACE_S = 0.3
"""How long a cancelled probe may take to let go."""


async def diagnose(
    runbook: Runbook,
    settings: Settings,
    scope: Scope,
    *,
    redactor: Redactor,
    on_evidence: Callable[[Evidence], None] = lambda _: None,
) -> Diagnosis:
    """Look and conclude. Never raises for a failing platform and ends by the deadline (+ a moment to judge).

    `on_evidence` hears each piece as it arrives, already redacted.
    """
    evidence, trailer = await collect(runbook, settings, scope, redactor=redactor, on_evidence=on_evidence)
    return judge(runbook, scope, evidence, trailer)


def judge(runbook: Runbook, scope: Scope, evidence: tuple[Evidence, ...], trailer: Trailer) -> Diagnosis:
    """Conclude from evidence, live or recorded: pure but for `RAISE_BUGS`."""
    return conclude(runbook, scope, evidence, trailer, raise_bugs=RAISE_BUGS)


async def collect(
    runbook: Runbook,
    settings: Settings,
    scope: Scope,
    *,
    redactor: Redactor,
    on_evidence: Callable[[Evidence], None] = lambda _: None,
) -> tuple[tuple[Evidence, ...], Trailer]:
    """Run all probes of `runbook` at once; late ones are cancelled and leave a `DEADLINE` failure."""
    started = time.monotonic()
    # Over REST a command may be a request of its own: who grants more of these grants more of those.
    requests = HTTP_REQUESTS + max(0, scope.redis_command_limit - REDIS_COMMANDS)
    budget = Budget(redis_command_limit=scope.redis_command_limit, http_request_limit=requests)
    found: dict[str, Evidence] = {}
    bugs: list[str] = []

    def keep(item: Evidence) -> None:
        found[item.probe] = redacted(item, redactor)
        on_evidence(found[item.probe])

    async with connect(settings, scope, budget) as systems:
        tasks: dict[asyncio.Task[Evidence], Probe] = {}
        for probe in sorted(runbook.probes, key=lambda probe: not probe.looks_twice):
            if probe.system in scope.facts.systems:
                tasks[asyncio.create_task(probe.look(systems), name=probe.name)] = probe
            else:
                keep(_not_configured(probe))
        try:
            await _gather(tasks, scope.deadline_s - (time.monotonic() - started), keep, bugs)
        finally:
            await _cancel(tasks)
    for probe in runbook.probes:
        if probe.name not in found:
            keep(_late(probe, scope.deadline_s))
    elapsed_s = round(time.monotonic() - started, 3)
    evidence = tuple(found[probe.name] for probe in runbook.probes)
    return evidence, Trailer(
        finished_at=datetime.now(UTC),
        elapsed_s=elapsed_s,
        spent=budget.spent(elapsed_s),
        partial=any(e.failure and e.failure.kind is FailureKind.DEADLINE for e in evidence),
        internal_errors=tuple(bugs),
    )


async def _gather(
    tasks: dict[asyncio.Task[Evidence], Probe],
    left_s: float,
    keep: Callable[[Evidence], None],
    bugs: list[str],
) -> None:
    """Keep each probe's evidence as it ends, until all have or the time is out."""
    ends = time.monotonic() + max(0.0, left_s)
    waiting = set(tasks)
    while waiting and (left := ends - time.monotonic()) > 0:
        done, waiting = await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            keep(_outcome(task, tasks[task], bugs))


def _outcome(task: asyncio.Task[Evidence], probe: Probe, bugs: list[str]) -> Evidence:
    error = task.exception()
    if error is None:
        return task.result()
    if RAISE_BUGS:
        raise error
    # A bug of ours costs one blind spot, loudly; the other probes go on.
    traceback.print_exception(error, file=sys.stderr)
    bugs.append(probe.name)
    return _unseen(
        probe,
        Status.FAILED,
        Failure(
            kind=FailureKind.INTERNAL_ERROR,
            why=text("internal_error in probe {probe}: {error}", probe=probe.name, error=type(error).__name__),
            regain=text("this is our bug: report it with the traceback on stderr"),
        ),
    )


async def _cancel(tasks: Iterable[asyncio.Task[Evidence]]) -> None:
    """Cancel what still runs and give it a moment; a probe that clings is left behind."""
    left = [task for task in tasks if not task.done()]
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=_GRACE_S)
    for task in left:
        if task.done() and not task.cancelled():
            with suppress(asyncio.CancelledError):
                task.exception()


def _not_configured(probe: Probe) -> Evidence:
    return _unseen(
        probe,
        Status.SKIPPED,
        Failure(
            kind=FailureKind.NOT_CONFIGURED,
            why=text("{system} is not in the profile", system=probe.system),
            regain=text("add the section [{system}] to the profile", system=probe.system),
        ),
    )


def _late(probe: Probe, deadline_s: float) -> Evidence:
    return _unseen(
        probe,
        Status.FAILED,
        Failure(
            kind=FailureKind.DEADLINE,
            why=text("{probe} had not answered by the deadline of {s:g} s", probe=probe.name, s=deadline_s),
            regain=text("run again with a longer --deadline"),
        ),
    )


def _unseen(probe: Probe, status: Status, failure: Failure) -> Evidence:
    return Evidence(
        id=probe.name,
        probe=probe.name,
        source=probe.system,
        observed_at=datetime.now(UTC),
        status=status,
        failure=failure,
    )


__all__ = ["Systems", "collect", "diagnose", "judge"]
