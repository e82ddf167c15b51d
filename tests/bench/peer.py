"""BullMQ's own library in Node, both from the wheels of the environment, as a process that answers questions."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

VERSION = "5.81.5"
ROOT = Path(__file__).parents[2]
HOME = ROOT / ".cache" / "bullmq"
_SCRIPT = Path(__file__).with_name("peer.mjs")
_LONGEST_LINE = 1 << 24


class Peer:
    """The process; one question at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, what: str, **details: float) -> list[float]:
        """Milliseconds."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"ask": what, **details}).encode() + b"\n")
        answer = await self._process.stdout.readline()
        assert answer, "the peer has died"
        found: list[float] = json.loads(answer)
        return found


@asynccontextmanager
async def peer(port: int) -> AsyncIterator[Peer]:
    """Fetch the library once, start, stop."""
    bin_folder = Path(sys.executable).parent
    if not (HOME / "node_modules" / "bullmq").is_dir():
        HOME.mkdir(parents=True, exist_ok=True)
        quiet = ("--silent", "--no-audit", "--no-fund", "--prefix", str(HOME))
        subprocess.run([bin_folder / "npm", "install", *quiet, f"bullmq@{VERSION}"], check=True)
    process = await asyncio.create_subprocess_exec(
        *(bin_folder / "node", _SCRIPT, str(port)),
        env={**os.environ, "PEER_HOME": str(HOME)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
    )
    try:
        yield Peer(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
