"""SIGTERM, Ctrl-C and a closed terminal: noticed at once, acted on in order."""

from __future__ import annotations

import signal
import socket
import threading
from types import FrameType, TracebackType
from typing import Any, Self

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stop:
    """While entered, these signals do not end the process: they set `name` and wake whoever waits on `end`.

    So children are killed, cells marked and files sealed whenever a signal comes. In a thread other than
    the main one Python delivers no signals, and this does nothing.
    """

    def __init__(self) -> None:
        self.name: str | None = None
        """The first signal's name, such as `SIGTERM`."""
        self.end, self._bell = socket.socketpair()
        self.end.setblocking(False)
        self._bell.setblocking(False)
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self.end.close()
        self._bell.close()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.name = self.name or signal.Signals(number).name
        try:
            self._bell.send(b"!")
        except OSError:
            # Full or closed: somebody has been woken already.
            return
