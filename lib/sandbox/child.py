"""A process of the supervisor's: leashed to it, its output read line by line."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LEASH = str(Path(__file__).with_name("leash.py"))
LONGEST_LINE_BYTES = 4 * 1024 * 1024

OnLine = Callable[[str, str], None]
"""Called with `stdout` or `stderr` and one line without its end."""


class Child:
    """One running process. It dies with the supervisor, even when that is killed."""

    def __init__(self, process: asyncio.subprocess.Process, readers: Sequence[asyncio.Task[None]]) -> None:
        self._process = process
        self._readers = readers

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        on_line: OnLine,
        death_signal: signal.Signals = signal.SIGKILL,
        as_nobody: bool = False,
    ) -> Child:
        """Start `command` (absolute path first) with exactly `environment`."""
        leash = [sys.executable, "-I", "-S", LEASH, str(os.getpid()), str(int(death_signal))]
        process = await asyncio.create_subprocess_exec(
            *leash,
            "nobody" if as_nobody else "same",
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(environment),
            cwd="/",
            limit=LONGEST_LINE_BYTES,
            start_new_session=True,
        )
        assert process.stdout is not None and process.stderr is not None
        readers = [
            asyncio.create_task(_read(process.stdout, "stdout", on_line)),
            asyncio.create_task(_read(process.stderr, "stderr", on_line)),
        ]
        return cls(process, readers)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.returncode is None

    async def write_line(self, text: str) -> None:
        """Send one line to the process's stdin.

        Raises:
            ConnectionError: the process is gone.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode() + b"\n")
        await self._process.stdin.drain()

    async def ended(self) -> int:
        """Wait for the end and for the last line; the exit status, negative for a signal."""
        status = await self._process.wait()
        await asyncio.gather(*self._readers)
        return status

    def send(self, number: signal.Signals) -> None:
        """Signal the process; nothing happens when it has ended."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def stop(self, *, ask: signal.Signals = signal.SIGTERM, grace_s: float = 5.0) -> int:
        """Ask, wait up to `grace_s` seconds, then kill. Returns the exit status."""
        self.send(ask)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                return await self.ended()
        self.send(signal.SIGKILL)
        return await self.ended()


async def run(command: Sequence[str], *, environment: Mapping[str, str], as_nobody: bool = False) -> str:
    """Run a command to its end and return what it said.

    Raises:
        ChildFailed: its exit status was not zero.
    """
    said: list[str] = []
    child = await Child.start(
        command,
        environment=environment,
        on_line=lambda _stream, line: said.append(line),
        as_nobody=as_nobody,
    )
    try:
        status = await child.ended()
    except asyncio.CancelledError:
        # Left alone it would go on, and make anew what is being removed.
        await child.stop(ask=signal.SIGKILL)
        raise
    if status != 0:
        raise ChildFailed(f"{Path(command[0]).name} ended with status {status}: {' / '.join(said[-5:])}")
    return "\n".join(said)


class ChildFailed(RuntimeError):
    """A command of the sandbox's own did not do its work."""


async def _read(stream: asyncio.StreamReader, name: str, on_line: OnLine) -> None:
    while line := await stream.readline():
        on_line(name, line.decode(errors="replace").rstrip("\r\n"))
