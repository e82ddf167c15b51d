"""Processes: telling one from its successor with the same pid, and dying with a parent."""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PROC = Path("/proc")


def identity(pid: int) -> str:
    """A word that differs between two processes that share a pid; empty when `pid` is not alive.

    On Linux it is the boot's id and the start time in ticks; elsewhere what `ps` tells.
    A zombie is dead: nothing it owes anybody will ever be done.
    """
    if not _PROC.joinpath("self", "stat").exists():
        told = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return told.stdout.strip()
    try:
        # The name in brackets may hold spaces and brackets itself, so fields count from the last one.
        fields = _PROC.joinpath(str(pid), "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        boot = _PROC.joinpath("sys/kernel/random/boot_id").read_text("utf-8").strip()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def host() -> str:
    """The name of the machine or container in which pids mean something."""
    return platform.node()


def age_s() -> float:
    """Seconds since this process started, the interpreter's own start included; 0 where unknown."""
    try:
        fields = _PROC.joinpath("self", "stat").read_text("utf-8").rpartition(")")[2].split()
        uptime_s = float(_PROC.joinpath("uptime").read_text("utf-8").split()[0])
    except OSError:
        return 0.0
    return max(0.0, uptime_s - int(fields[19]) / os.sysconf("SC_CLK_TCK"))


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when `parent` ends, however it ends. Linux only, elsewhere nothing.

    Runs in a freshly forked process, so it allocates little and raises nothing.
    """
    if not sys.platform.startswith("linux"):
        return
    _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        # The parent died before the request was in force.
        os.kill(os.getpid(), signal.SIGKILL)


def ended_how(exit_code: int) -> str:
    """What became of a process with `exit_code`, as a person says it: negative values are signals."""
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    try:
        return f"was killed by {signal.Signals(-exit_code).name}"
    except ValueError:
        return f"was killed by signal {-exit_code}"


def monotonic_start() -> float:
    """The instant this process started, on the clock of `time.monotonic`."""
    return time.monotonic() - age_s()


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)
