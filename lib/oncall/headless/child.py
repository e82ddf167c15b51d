"""The child: forked from the warm interpreter, executes the cells, tells the parent, and is gone."""

# ruff: noqa: PLC0415 - what a command does not need is not imported: triage must be quick

from __future__ import annotations

import asyncio
import faulthandler
import os
import random
import signal
import socket
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from oncall import process
from oncall.headless import channel
from oncall.headless.channel import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One code cell to execute; `index` is its place in the notebook."""

    index: int
    source: str


def run(cells: Sequence[Cell], *, end: socket.socket, output: int, parent: int, unwanted: Sequence[int]) -> NoReturn:
    """Execute `cells` and end this process. Called right after the fork; never returns.

    Args:
        end: our end of the wire.
        output: descriptor that takes what is written past Python, by libraries and subprocesses.
        parent: pid of the process that forked us.
        unwanted: descriptors of the parent's that we must not hold open.
    """
    code = 1
    try:
        _detach(output, parent=parent, unwanted=unwanted)
        wire = Channel(end)
        channel.activate(wire)
        # Not `asyncio.run`: it would wait for threads, and a name server that never answers holds one.
        asyncio.new_event_loop().run_until_complete(_execute(cells, wire))
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is, it must not run the parent's stack a second time
        os.write(output, traceback.format_exc().encode("utf-8", "replace"))
    finally:
        os._exit(code)


def _detach(output: int, *, parent: int, unwanted: Sequence[int]) -> None:
    process.die_with_parent(parent)
    # A session of our own: Ctrl-C reaches the parent alone, and the parent can kill whatever we start.
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    for descriptor in unwanted:
        os.close(descriptor)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    faulthandler.enable(file=2)
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


async def _execute(cells: Sequence[Cell], wire: Channel) -> None:
    # Imported here when the parent did not warm it up; the cost is then ours.
    from oncall.headless.shell import HeadlessShell

    current = -1

    def emit(output: dict[str, Any]) -> None:
        wire.send({"kind": "output", "index": current, "output": output})

    HeadlessShell.clear_instance()
    shell = HeadlessShell.instance(emit=emit)
    if shell.history_manager:
        shell.history_manager.enabled = False
    for cell in cells:
        current = cell.index
        wire.send({"kind": "started", "index": cell.index, "at": time.time()})
        result = await shell.run(cell.source)
        is_whole = result.success and not shell.errors
        wire.send(
            {
                "kind": "ended",
                "index": cell.index,
                "state": "done" if is_whole else "failed",
                "execution_count": result.execution_count,
                "at": time.time(),
            }
        )
        if not is_whole:
            _tell_whole(result.error_before_exec or result.error_in_exec)
            break
    wire.send({"kind": "finished"})


def _tell_whole(error: BaseException | None) -> None:
    """The whole traceback, for whoever mends it; the notebook has the short one."""
    if error is not None:
        os.write(2, "".join(traceback.format_exception(error)).encode("utf-8", "replace"))
