"""Starting a child by forking the warm interpreter. Linux only."""

from __future__ import annotations

import gc
import importlib
import os
import socket
import sys
from collections.abc import Iterable

from oncall.headless import child
from oncall.headless.live import Bounds, Live
from oncall.headless.watch import Watch

_WARM = (
    "IPython.core.interactiveshell",
    "IPython.core.magics",
    "numpy",
    "pandas",
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
    "oncall.headless.shell",
    "oncall.session",
)


def is_possible() -> bool:
    """Whether notebooks can run in forked children here; macOS frameworks do not survive a fork."""
    return sys.platform.startswith("linux")


def warm_up(modules: Iterable[str] = _WARM) -> None:
    """Import what every notebook needs, once, so that each child starts with it.

    BLAS would start threads on import, and forking a process with threads may hang.
    """
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    for module in modules:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()


def start(watch: Watch, *, bounds: Bounds) -> Live:
    """Fork a child that executes the notebook of `watch`."""
    ours, theirs = socket.socketpair()
    raw_ours, raw_theirs = socket.socketpair()
    cells = watch.recorder.plan()
    parent = os.getpid()
    # What waits in our buffers must not be written twice.
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        unwanted = (ours.fileno(), raw_ours.fileno())
        child.run(cells, end=theirs, output=raw_theirs.fileno(), parent=parent, unwanted=unwanted)
    theirs.close()
    raw_theirs.close()
    return Live(watch=watch, pid=pid, poll=_Exit(pid), wires=[ours], raw=raw_ours, bounds=bounds)


class _Exit:
    """The exit code of a forked child, once it has one."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._code: int | None = None

    def __call__(self) -> int | None:
        if self._code is None:
            try:
                pid, status = os.waitpid(self._pid, os.WNOHANG)
            except ChildProcessError:
                # Somebody else in this process reaped it; how it ended is lost.
                self._code = 0
                return self._code
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code
