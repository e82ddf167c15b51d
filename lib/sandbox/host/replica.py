"""One place for a process: started, watched, restarted on failure up to ten times, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import uuid4

from sandbox.child import Child
from sandbox.host.logbook import Logbook
from sandbox.http import hold_port
from sandbox.service import Instance, InstanceStatus

MAX_RESTARTS = 10
STABLE_AFTER_S = 5.0
"""A process that lived this long starts its count of failures anew."""
LONGEST_PAUSE_S = 0.25


class Replica:
    """One instance of one deployment."""

    def __init__(
        self,
        *,
        deployment_id: str,
        release: str,
        environment: Mapping[str, str],
        logbook: Logbook,
        on_change: Callable[[], None],
    ) -> None:
        self.instance = Instance(id=str(uuid4()), status=InstanceStatus.INITIALIZING)
        self._deployment_id = deployment_id
        self._release = release
        self._logbook = logbook
        self._on_change = on_change
        self._place = hold_port()
        self.port = int(self._place.getsockname()[1])
        self._environment = {**environment, "PORT": str(self.port), "RAILWAY_REPLICA_ID": self.instance.id}
        self._child: Child | None = None
        self._is_wanted = True
        self._watching: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child and self._child.is_running else None

    @property
    def is_running(self) -> bool:
        return self.instance.status is InstanceStatus.RUNNING

    @property
    def resident_bytes(self) -> int:
        """Memory of the process; 0 when there is none."""
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, IndexError):
            if self.pid is not None:
                pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
                return pages * os.sysconf("SC_PAGE_SIZE")
        return 0

    def begin(self) -> None:
        """Start the process and keep it running."""
        self._is_wanted = True
        self._watching = asyncio.create_task(self._watch())

    async def opened(self) -> bool:
        """Wait until the process listens (true) or the place is given up (false)."""
        while self.instance.status in (InstanceStatus.INITIALIZING, InstanceStatus.RUNNING):
            if await self._is_listening():
                return True
            await asyncio.sleep(0.02)
        return await self._is_listening()

    async def end(self, status: InstanceStatus, *, grace_s: float) -> None:
        """Stop the process for good; the instance is then `status`."""
        self._is_wanted = False
        if self._child is not None and self._child.is_running:
            self._say("Stopping Container")
            await self._child.stop(grace_s=grace_s)
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait({self._watching})
        self._change(status)

    async def restart(self, *, grace_s: float) -> None:
        """Stop the process and start it again in the same place."""
        await self.end(InstanceStatus.RESTARTING, grace_s=grace_s)
        self.begin()

    def kill(self) -> None:
        """What a host does to a process that takes too much memory."""
        if self._child is not None:
            self._child.send(signal.SIGKILL)

    def release_port(self) -> None:
        self._place.close()

    async def _watch(self) -> None:
        failures = 0
        while self._is_wanted:
            began_at = time.monotonic()
            status = await self._run_once()
            if not self._is_wanted:
                return
            if status == 0:
                self._change(InstanceStatus.EXITED)
                return
            failures = 1 if time.monotonic() - began_at >= STABLE_AFTER_S else failures + 1
            if failures > MAX_RESTARTS:
                self._change(InstanceStatus.CRASHED)
                return
            self.instance.restarts += 1
            self._change(InstanceStatus.RESTARTING)
            await asyncio.sleep(min(0.05 * 2**failures, LONGEST_PAUSE_S))

    async def _run_once(self) -> int:
        self._say("Starting Container")
        self._child = await Child.start(
            [sys.executable, "-m", "sandbox.worker", self._release],
            environment=self._environment,
            on_line=lambda stream, line: self._logbook.output(
                stream, line, deployment_id=self._deployment_id, instance_id=self.instance.id
            ),
        )
        self._change(InstanceStatus.RUNNING)
        return await self._child.ended()

    async def _is_listening(self) -> bool:
        try:
            _reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    def _change(self, status: InstanceStatus) -> None:
        self.instance.status = status
        self._on_change()

    def _say(self, message: str) -> None:
        self._logbook.system(message, deployment_id=self._deployment_id, instance_id=self.instance.id)
