"""`runbook watch`: the vital signs of everything configured, sampled into the local history until stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from diagnostics.budget import Budget
from diagnostics.clients.systems import connect
from diagnostics.errors import SettingsError
from diagnostics.model import Cost
from diagnostics.probes.vitals import Vital, read_vitals
from diagnostics.replicas import Replicas
from diagnostics.text import Text, text
from oncall import process, project
from oncall.headless.stopping import Stop
from oncall.history.clock import STEP_MS, Clock
from oncall.history.store import Run, Store, StoreError, Turn
from oncall.log import Log, clean_streams
from oncall.question import Question, Wish, checked

_SHOWN = ("queue.depth", "queue.active", "worker.replicas", "redis.latency_s")
_LONGEST_S = 10.0
"""A sample that takes longer than a run may is given up."""


def watch(wish: Wish, *, every_s: float, clock: Clock, is_quiet: bool) -> int:
    """Sample until a signal comes, then return 0.

    Raises: SettingsError when something in the wish or profile is wrong, StoreError when the store cannot be written.
    """
    if not 1 <= every_s <= 300:  # NaN fails the comparison too.
        raise SettingsError(f"--every {every_s:g} must be from 1 to 300 seconds")
    question = checked(wish)
    path = question.settings.history_path
    if path is None:
        raise SettingsError("the profile keeps no history: add the section [history] to it")
    with clean_streams(question.redactor), Stop() as stop:
        log = Log(language=question.language)
        name, place = question.scope.profile, project.shown(path)
        log.step(text("profile {profile}, watch, every {s:g} s into {path}", profile=name, s=every_s, path=place))
        # Nobody closes the loop: a name server that hangs blocks a thread of it, and the caller leaves by `os._exit`.
        loop = asyncio.new_event_loop()
        task = loop.create_task(_watched(question, path, every_s=every_s, clock=clock, log=log, is_quiet=is_quiet))
        loop.add_reader(stop.end.fileno(), task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        log.step(text("stopped by {signal}", signal=stop.name or "?"))
    return 0


async def _watched(question: Question, path: Path, *, every_s: float, clock: Clock, log: Log, is_quiet: bool) -> None:
    """Wait for our turn, then sample for ever."""
    turn = Turn(path, question.scope.profile)
    if not turn.take():
        log.step(text("another process watches this profile; standing by until it ends"))
        # No event tells that a lock is free; asking once a second costs nothing.
        while not turn.take():  # noqa: ASYNC110
            await asyncio.sleep(min(1.0, clock.really_s(every_s)))
    store = Store(path)
    try:
        watcher = Watcher(question, store, clock=clock, every_s=every_s)
        async for sampled in watcher.samples():
            if sampled.lost or not is_quiet:
                log.step(sampled.line())
    finally:
        store.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """One round: on the disk, or lost."""

    run: int
    sequence: int
    at_ms: int
    vitals: tuple[Vital, ...]
    spent: Cost
    lost: str = ""
    """Why it could not be kept; empty when it was."""

    def line(self) -> Text:
        """What a person at the terminal sees of it."""
        if self.lost:
            return text("sample {id} IS LOST: {why}", id=f"{self.run}.{self.sequence}", why=self.lost)
        signs = [f"{v.metric}={_told(v.value)}" for v in self.vitals if v.metric in _SHOWN]
        lost = dict.fromkeys(v.reason for v in self.vitals if v.reason)
        return text(
            "sample {id} at {at}: {signs} ({commands} Redis commands, {requests} requests, {s:.2f} s){lost}",
            id=f"{self.run}.{self.sequence}",
            at=datetime.fromtimestamp(self.at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            signs=" ".join(signs) or "-",
            commands=self.spent.redis_commands,
            requests=self.spent.http_requests,
            s=self.spent.elapsed_s,
            lost="".join(f"; {reason}" for reason in lost),
        )


class Watcher:
    """Samples one profile into one store, dating every sample and noticing when the clock is set."""

    def __init__(self, question: Question, store: Store, *, clock: Clock, every_s: float) -> None:
        self._question = question
        self._store = store
        self._clock = clock
        self._every_s = every_s
        known = store.latest(question.scope.profile, "worker.attempts")
        self._replicas = Replicas({int(label): attempts for label, attempts in known.items()})
        self._run: Run | None = None
        self._sequence = 0
        self._dated = (0, 0.0)
        """Wall (ms) and steady (s) time of the sample before."""

    async def samples(self) -> AsyncIterator[Sampled]:
        """One after the other, each kept before it is told; a beat that is missed is skipped.

        A sample that cannot be kept is told as lost, and the next one is tried: a full disk is made room on some day.

        Raises: StoreError when not even the first run can be begun.
        """
        due_s = self._clock.steady_s()
        while True:
            yield await self._sample()
            late = max(0.0, self._clock.steady_s() - due_s)
            due_s += (late // self._every_s + 1) * self._every_s
            await asyncio.sleep(max(0.0, self._clock.really_s(due_s - self._clock.steady_s())))

    async def _sample(self) -> Sampled:
        at_ms, run, lost = self._dated_now()
        started = time.monotonic()
        budget = Budget(redis_command_limit=self._question.scope.redis_command_limit)
        deadline_s = min(_LONGEST_S, max(1.0, self._clock.really_s(self._every_s)))
        scope = replace(self._question.scope, deadline_s=deadline_s)
        async with connect(self._question.settings, scope, budget) as systems:
            vitals = await read_vitals(systems, self._replicas)
        self._sequence += 1
        if not lost:
            try:
                self._store.add(run, sequence=self._sequence, at_ms=at_ms, vitals=vitals)
            except StoreError as error:
                lost = str(error)
        spent = budget.spent(time.monotonic() - started)
        return Sampled(run=run.id, sequence=self._sequence, at_ms=at_ms, vitals=vitals, spent=spent, lost=lost)

    def _dated_now(self) -> tuple[int, Run, str]:
        """The instant of the next sample, the run it belongs to, and why that could not be begun (empty when it could).

        A new run begins when the clock was set.
        """
        at_ms, steady_s = self._clock.wall_ms(), self._clock.steady_s()
        before_ms, before_s = self._dated
        step_ms = at_ms - before_ms - round(1000 * (steady_s - before_s))
        if self._run is None:
            why = "started"
        elif abs(step_ms) > STEP_MS * max(1.0, self._clock.speed) or at_ms <= before_ms:
            why = f"the clock was set by {step_ms / 1000:+.1f} s"
        else:
            self._dated = (at_ms, steady_s)
            return at_ms, self._run, ""
        try:
            self._run = self._begun(why, at_ms)
        except StoreError as error:
            if self._run is None:
                raise
            # The dates stay as they were: the next sample sees the same step again.
            return at_ms, self._run, str(error)
        self._dated = (at_ms, steady_s)
        return at_ms, self._run, ""

    def _begun(self, why: str, at_ms: int) -> Run:
        return self._store.begin(
            self._question.scope.profile,
            writer=f"{process.host()}:{process.identity(os.getpid())}",
            why=why,
            every_ms=round(1000 * self._every_s),
            at_ms=at_ms,
        )


def _told(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"
