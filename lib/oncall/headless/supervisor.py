"""Runs notebooks in children, several at a time, and always knows what became of each.

One loop over descriptors, no threads: a fork of a process with threads may hang.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

from oncall.headless.live import Live
from oncall.headless.stopping import Stop
from oncall.headless.watch import Watch
from oncall.process import ended_how
from oncall.status import State

Launch = Callable[[Watch], Live]
_LOOK_S = 0.2
"""How often to look whether a child is gone whose wires somebody else still holds open."""


class Supervisor:
    """Takes watches through to their end."""

    def __init__(self, launch: Launch, *, stop: Stop, at_once: int = 1, ended: Callable[[Watch], None]) -> None:
        """`ended` is called with each watch when its child is gone; others go on running meanwhile."""
        self._launch = launch
        self._stop = stop
        self._at_once = at_once
        self._ended = ended
        self._live: list[Live] = []
        self._selector = selectors.DefaultSelector()

    def run(self, watches: Iterable[Watch]) -> None:
        """Run all notebooks. Returns when every child is gone, also after a signal."""
        waiting = list(watches)
        self._selector.register(self._stop.end, selectors.EVENT_READ)
        try:
            while waiting or self._live:
                if self._stop.name:
                    self._stop_all(waiting)
                while (following := self._following(waiting)) is not None:
                    waiting.remove(following)
                    self._start(following)
                self._wait()
        finally:
            for live in self._live:
                live.kill(State.DIED, "the supervising process failed")
                live.close()
            self._selector.close()

    def _following(self, waiting: list[Watch]) -> Watch | None:
        if self._stop.name or len(self._live) >= self._at_once:
            return None
        return next((watch for watch in waiting if not watch.is_waiting), None)

    def _start(self, watch: Watch) -> None:
        live = self._launch(watch)
        self._live.append(live)
        for wire in (*live.wires, live.raw):
            wire.setblocking(False)
            self._selector.register(wire, selectors.EVENT_READ, live)

    def _wait(self) -> None:
        alarms = [min(live.alarm_at, live.due_at) for live in self._live]
        timeout = min([_LOOK_S, *(max(0.0, at - time.monotonic()) for at in alarms)])
        for key, _ in self._selector.select(timeout):
            self._ready(key)
        for live in list(self._live):
            if late := live.late():
                live.kill(State.TIMED_OUT, late)
            if live.poll() is not None:
                self._finish(live)

    def _ready(self, key: selectors.SelectorKey) -> None:
        live: Live | None = key.data
        if live is None:
            self._stop.end.recv(64)
            return
        if live not in self._live:
            return
        wire: Any = key.fileobj
        if not live.read(wire):
            self._selector.unregister(wire)
            if wire is live.wires[0]:
                self._finish(live)

    def _finish(self, live: Live) -> None:
        if live not in self._live:
            return
        code = live.reap()
        live.drain()
        registered = self._selector.get_map()
        for wire in (*live.wires, live.raw):
            if isinstance(wire, socket.socket) and wire in registered:
                self._selector.unregister(wire)
        live.close()
        self._live.remove(live)
        how = live.watch.reason or f"the process that ran it {ended_how(code)}"
        told = live.verdict or (State.DIED, how)
        if live.watch.recorder.failure:
            told = State.FAILED, live.watch.recorder.failure
        live.watch.end(*told)
        self._ended(live.watch)

    def _stop_all(self, waiting: list[Watch]) -> None:
        reason = f"stopped by {self._stop.name}"
        for live in self._live:
            live.kill(State.DIED, reason)
        # Those that wait come after those that ran: what one has heard is handed on.
        while waiting and not self._live:
            watch = waiting.pop(0)
            watch.end(State.DIED, reason)
            self._ended(watch)
