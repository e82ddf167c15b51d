"""A child that is executing a notebook, seen from its parent: its process, its wires, its alarm."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from oncall.headless.channel import Frames
from oncall.headless.watch import Watch
from oncall.status import State

_GRACE_S = 0.5
"""How long a child that has hung up may take to be gone."""
_ANSWER_S = 2.0
"""How long a child that has asked may take to read its answer."""


@dataclass(slots=True, kw_only=True)
class Bounds:
    """How long a child may take. Seconds."""

    cell_s: float = 120.0
    between_s: float = 60.0
    """Until the first cell starts, and between two cells."""


@dataclass(slots=True, kw_only=True)
class Live:
    """One running child."""

    watch: Watch
    pid: int
    poll: Callable[[], int | None]
    """Its exit code (negative: the signal that killed it), or `None` while it runs."""
    wires: list[socket.socket]
    raw: socket.socket
    """What it writes past Python's streams."""
    bounds: Bounds
    alarm_at: float = 0.0
    verdict: tuple[State, str] | None = None
    """How it ended and why, once we ended it ourselves."""
    _frames: dict[int, Frames] = field(default_factory=dict)
    _raw_rest: bytes = b""
    _cell: int | None = None

    def __post_init__(self) -> None:
        self._frames = {wire.fileno(): Frames() for wire in self.wires}
        self.set_alarm()

    def set_alarm(self) -> None:
        """Start the clock of what the child does now, when that is something new."""
        now = self.watch.recorder.running
        if self.alarm_at and now == self._cell:
            return
        self._cell = now
        self.alarm_at = time.monotonic() + (self.bounds.between_s if now is None else self.bounds.cell_s)

    @property
    def due_at(self) -> float:
        """When its verdict must be there."""
        return self.watch.due_at

    def late(self) -> str | None:
        """What takes too long, in English: the verdict, the running cell, or the pause between cells."""
        now = time.monotonic()
        if now >= self.due_at and self.watch.question is not None:
            return f"there was no verdict by the deadline of {self.watch.question.scope.deadline_s:g} s"
        if now < self.alarm_at:
            return None
        if self.watch.recorder.running is None:
            return f"nothing happened for {self.bounds.between_s:g} s"
        return f"the cell took longer than {self.bounds.cell_s:g} s"

    def read(self, wire: socket.socket) -> bool:
        """Take what has arrived on `wire`; false when the child has hung up."""
        try:
            data = wire.recv(1 << 18)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        if wire is self.raw:
            self._relay(data)
        elif data:
            records = list(self._frames[wire.fileno()].feed(data))
            for answer in self.watch.take(records):
                self._answer(wire, answer)
            self.set_alarm()
        return bool(data)

    def kill(self, state: State, reason: str) -> None:
        """End the child, and all it started, at once. The first reason counts."""
        self.verdict = self.verdict or (state, reason)
        for kill, target in ((os.killpg, self.pid), (os.kill, self.pid)):
            try:
                kill(target, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                # Gone already, or not yet leader of its own group.
                continue

    def reap(self) -> int:
        """Wait for the end of a child that has hung up; one that lingers is killed. Returns its exit code."""
        until = time.monotonic() + _GRACE_S
        while (code := self.poll()) is None:
            if time.monotonic() >= until:
                self.kill(State.DIED, "the process that ran it fell silent")
            time.sleep(0.005)
        return code

    def drain(self) -> None:
        """Read what a child that is gone had sent before."""
        for wire in (*self.wires, self.raw):
            while self._has_more(wire) and self.read(wire):
                pass
        self._relay(b"\n" if self._raw_rest else b"")

    def close(self) -> None:
        """Release the wires, and whatever the child left running."""
        for wire in (*self.wires, self.raw):
            wire.close()
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return

    def _answer(self, wire: socket.socket, answer: bytes) -> None:
        try:
            # Whoever asked is reading. An answer with a whole look in it is larger than a socket's buffer.
            wire.settimeout(_ANSWER_S)
            wire.sendall(answer)
        except TimeoutError:
            self.kill(State.DIED, "it asked and did not take its answer")
        except OSError:
            # It asked and died; its wire will say so.
            return
        finally:
            wire.setblocking(False)

    @staticmethod
    def _has_more(wire: socket.socket) -> bool:
        try:
            return bool(wire.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except OSError:
            return False

    def _relay(self, data: bytes) -> None:
        whole, newline, self._raw_rest = (self._raw_rest + data).rpartition(b"\n")
        # Our own streams are clean under `runbook run`; under papermill nobody else would clean this.
        sys.stderr.write(self.watch.redactor.clean((whole + newline).decode("utf-8", "replace")))
        sys.stderr.flush()
