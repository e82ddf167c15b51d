"""Running a notebook in a stock Jupyter kernel: slower, for fidelity, and wherever forking is no option.

The parent starts this module as a program. It drives the kernel through nbclient and reports over the same
wire as a forked child; the session inside the kernel reports over a second one.
"""

# ruff: noqa: PLC0415 - what a command does not need is not imported: triage must be quick

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from functools import partial
from typing import Any

from oncall import process
from oncall.headless.channel import VARIABLE, Channel, frame
from oncall.headless.live import Bounds, Live
from oncall.headless.watch import Watch

_QUIET = ["--IPKernelApp.log_level=40"]
"""ipykernel warns at every start that its own loopback is unencrypted."""


def start(watch: Watch, *, bounds: Bounds, kernel_name: str) -> Live:
    """Start a driver with a kernel for the notebook of `watch`."""
    ours, theirs = socket.socketpair()
    session_ours, session_theirs = socket.socketpair()
    raw_ours, raw_theirs = socket.socketpair()
    numbers = (theirs.fileno(), session_theirs.fileno())
    program = subprocess.Popen(
        [sys.executable, "-m", __name__, *map(str, numbers), str(os.getpid())],
        stdin=subprocess.DEVNULL,
        stdout=raw_theirs.fileno(),
        stderr=raw_theirs.fileno(),
        pass_fds=numbers,
        start_new_session=True,
    )
    for end in (theirs, session_theirs, raw_theirs):
        end.close()
    live = Live(
        watch=watch,
        pid=program.pid,
        poll=program.poll,
        wires=[ours, session_ours],
        raw=raw_ours,
        bounds=bounds,
    )
    ours.sendall(frame({"nb": watch.recorder.nb, "kernel_name": kernel_name}))
    return live


def main(arguments: list[str]) -> None:
    """The driver. Arguments: descriptors of the wire and of the session's wire, pid of the parent."""
    number, session, parent = map(int, arguments)
    process.die_with_parent(parent)
    wire = Channel(socket.socket(fileno=number))
    asyncio.run(_execute(wire, wire.receive(), session=session))
    wire.send({"kind": "finished"})


async def _execute(wire: Channel, task: dict[str, Any], *, session: int) -> None:
    from oncall.headless.prepare import import_quickly

    import_quickly()
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    from oncall.headless.document import node
    from oncall.headless.recorder import Recorder

    nb = node(task["nb"])
    client = _client(nb, task["kernel_name"], wire)
    start = {
        "pass_fds": (session,),
        "preexec_fn": partial(process.die_with_parent, os.getpid()),
        "env": {**os.environ, VARIABLE: str(session)},
    }
    async with client.async_setup_kernel(**start):
        os.close(session)
        for cell in Recorder(nb).plan():
            wire.send({"kind": "started", "index": cell.index, "at": time.time()})
            state = "done"
            try:
                await client.async_execute_cell(nb.cells[cell.index], cell.index)
            except CellExecutionError:
                state = "failed"
            except DeadKernelError:
                wire.send({"kind": "lost", "reason": "the kernel died"})
                os._exit(1)
            _ended(wire, nb.cells[cell.index], cell.index, state)
            if state == "failed":
                break


def _ended(wire: Channel, cell: Any, index: int, state: str) -> None:
    wire.send(
        {
            "kind": "ended",
            "index": index,
            "state": state,
            "execution_count": cell.execution_count,
            "outputs": cell.outputs,
            "at": time.time(),
        }
    )


def _client(nb: Any, kernel_name: str, wire: Channel) -> Any:
    from nbclient import NotebookClient

    class Client(NotebookClient):
        """Tells of outputs as they come, so that a death costs none of them."""

        def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
            before = len(cell.outputs)
            shown = super().process_message(msg, cell, cell_index)
            if shown is not None and len(cell.outputs) > before:
                wire.send({"kind": "output", "index": cell_index, "output": shown})
            return shown

    return Client(nb, kernel_name=kernel_name, timeout=None, shutdown_kernel="immediate", extra_arguments=_QUIET)


if __name__ == "__main__":
    main(sys.argv[1:])
