"""One process that is the platform: starts every part, takes orders, and ends all of it when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from sandbox.assembly import Assembly
from sandbox.child import ChildFailed
from sandbox.control import Refused, listen
from sandbox.operations import Operations
from sandbox.plan import Plan
from sandbox.state import Files, env_lines, make_scratch, write_private
from sandbox.world import NeverSettled

READY_WITHIN_S = 60.0


class Supervisor:
    """Builds the world in order, and takes it down in the opposite one."""

    def __init__(self, plan: Plan, down: asyncio.Event) -> None:
        self.plan = plan
        self.files = Files(folder=plan.folder)
        self._scratch = make_scratch()
        self._janitor = _start_janitor(self._scratch)
        self._parts = contextlib.AsyncExitStack()
        self._log_file = self.files.log.open("a", encoding="utf-8", buffering=1)
        self._down = down
        self.settings: dict[str, str] = {}

    async def start(self, faults: Sequence[str]) -> None:
        """Start everything, wait until it works, apply the faults and wait until they show."""
        assembly = Assembly(self.plan, scratch=self._scratch, parts=self._parts, log=self.log)
        world, self.settings = await assembly.build(self.files.produced.resolve())
        operations = await self._parts.enter_async_context(Operations(world, self._down, self.log))
        control = await listen(self._scratch / "control", operations.obey)
        self._parts.callback(control.close)
        await world.eventually("a healthy worker", world.is_healthy, READY_WITHIN_S)
        for name in faults:
            await operations.apply(name)
        self._publish()

    async def close(self) -> None:
        """End every process and remove every file outside `.sandbox/`."""
        try:
            await self._parts.aclose()
        finally:
            self.files.forget()
            shutil.rmtree(self._scratch, ignore_errors=True)
            assert self._janitor.stdin is not None
            self._janitor.stdin.close()
            self._janitor.wait()
            self._log_file.close()

    def log(self, text: str) -> None:
        """One line for `supervisor.log`."""
        self._log_file.write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {text}\n")

    def _publish(self) -> None:
        address = {
            "pid": str(os.getpid()),
            "control": str(self._scratch / "control"),
            "scratch": str(self._scratch),
            "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        write_private(self.files.address, json.dumps(address) + "\n")
        write_private(self.files.environment, env_lines(self.settings))


Announce = Callable[[Mapping[str, Any]], object]
"""Told once: `{"settings": {…}}`, `{"refused": "…"}` or `{"failed": "…"}`."""


async def supervise(plan: Plan, faults: Sequence[str], announce: Announce) -> int:
    """Be the supervisor until a signal or an order ends it. Returns the exit status."""
    files = Files(folder=plan.folder)
    with files.locked() as is_ours:
        if not is_ours:
            announce({"refused": f"sandbox '{plan.name}' is already running"})
            return 3
        down = asyncio.Event()
        # Before anything is started: from here on a signal is an orderly end.
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, down.set)
        supervisor = Supervisor(plan, down)
        starting = asyncio.ensure_future(supervisor.start(faults))
        leaving = asyncio.ensure_future(down.wait())
        try:
            await asyncio.wait({starting, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                announce({"settings": supervisor.settings})
                await leaving
        except (Refused, ChildFailed, NeverSettled, OSError, RedisError) as error:
            announce({"refused" if isinstance(error, Refused) else "failed": str(error)})
            return 3
        finally:
            starting.cancel()
            await asyncio.wait({starting})
            await supervisor.close()
    return 0


def _start_janitor(scratch: Path) -> subprocess.Popen[bytes]:
    """The process that outlives us to remove the scratch directory; it has a session of its own."""
    script = Path(__file__).with_name("janitor.py")
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(script), str(scratch)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
