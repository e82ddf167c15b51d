"""A bound in time for code that does not await."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_AGAIN_S = 0.1


class OutOfTime(BaseException):
    """The bound is reached. Not an `Exception`, so that no library mistakes it for a failure of its own."""


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Interrupt the body after `seconds`; `None` means no bound.

    Only the main thread of a Unix process can be interrupted; elsewhere the body runs to its end.

    Raises: OutOfTime out of the body, again every 0.1 s should something swallow it.
    """
    is_possible = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if seconds is None or not is_possible:
        yield
        return
    if seconds <= 0:
        raise OutOfTime
    before = signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _ring(_number: int, _frame: FrameType | None) -> NoReturn:
    raise OutOfTime
