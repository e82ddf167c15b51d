"""The serverless function of one deployment: a process that is started when a request comes and kept warm."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping

from sandbox.child import Child
from sandbox.frontend.releases import Release

AGAIN_AFTER_S = 1.0
"""A start that failed is not tried again sooner; Vercel would try for every request, at its own cost."""

OnOutput = Callable[[str, str, str], None]
"""Called with request id, level and text of everything an instance prints."""


class InvocationFailed(Exception):
    """The process ended before it could answer."""


class Function:
    """At most one instance at a time."""

    def __init__(self, release: Release, environment: Mapping[str, str], on_output: OnOutput) -> None:
        self._release = release
        self._environment = dict(environment)
        self._on_output = on_output
        self._child: Child | None = None
        self._listening: asyncio.Future[int] | None = None
        self._starting: asyncio.Task[int] | None = None
        self._failed_at = -AGAIN_AFTER_S

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child and self._child.is_running else None

    async def port(self) -> int:
        """Where a warm instance listens; one is started if there is none.

        Raises:
            InvocationFailed: it ended before it listened.
        """
        if self._listening is not None and self._listening.done() and self.pid is not None:
            return self._listening.result()
        if self._starting is None or self._starting.done():
            if time.monotonic() < self._failed_at + AGAIN_AFTER_S:
                raise InvocationFailed
            self._starting = asyncio.create_task(self._start())
        return await asyncio.shield(self._starting)

    async def stop(self, *, grace_s: float = 1.0) -> None:
        """End the instance."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait({self._starting})
        if self._child is not None and self._child.is_running:
            await self._child.stop(grace_s=grace_s)

    async def _start(self) -> int:
        self._listening = listening = asyncio.get_running_loop().create_future()
        self._child = await Child.start(
            [sys.executable, "-m", "sandbox.frontend", self._release.name],
            environment=self._environment,
            on_line=self._on_line,
        )
        ended = asyncio.ensure_future(self._child.ended())
        await asyncio.wait({listening, ended}, return_when=asyncio.FIRST_COMPLETED)
        if listening.done():
            ended.cancel()
            return int(listening.result())
        self._failed_at = time.monotonic()
        raise InvocationFailed

    def _on_line(self, stream: str, line: str) -> None:
        try:
            envelope = json.loads(line) if line.startswith("{") else {}
        except ValueError:
            envelope = {}
        if "listening" in envelope and self._listening is not None and not self._listening.done():
            self._listening.set_result(int(envelope["listening"]))
        elif "message" in envelope:
            self._on_output(str(envelope["requestId"]), str(envelope["level"]), str(envelope["message"]))
        else:
            self._on_output("", "error" if stream == "stderr" else "info", line)
