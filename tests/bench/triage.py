"""What a default `runbook triage` costs at a hundred jobs and at a million: `python -m tests.bench.triage`.

Two servers of the same kind, each behind an edge that counts what comes, one with few jobs and one with many, looked
at in turn over TCP and over Upstash REST. MANY and ROUNDS in the environment change the size (1000000 jobs, 5 rounds).
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.filling import fill, fill_small, send
from tests.bench.measure import Measure, paired
from tests.bench.servers import binaries
from tests.oncall.support import command, environment
from tests.sandbox.edge.field import USERS, Field, open_field

from diagnostics.budget import REDIS_COMMANDS

FEW = 100
MANY = int(os.environ.get("MANY", "1000000"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
SLOW_US = 5000
_LONGEST_LINE = 1 << 22
SMALL_FROM = 2_000_000
"""Jobs from which rows are small ones: ten million whole ones would take 10 GB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A queue behind an edge, and what looking at it took."""

    field: Field
    folder: Path
    told_s: list[float] = field(default_factory=list)
    """Until the verdict stood on the screen."""
    wall_s: list[float] = field(default_factory=list)
    """Until the process had ended, its report written."""
    commands: list[int] = field(default_factory=list)

    async def fill(self, jobs: int) -> None:
        """Without the limit of the plan the sandbox imitates."""
        client = self.field.server.client
        await client.config_set("maxmemory", 0)
        await client.config_set("slowlog-log-slower-than", SLOW_US)
        link = socket.socket(socket.AF_UNIX)
        link.connect(str(self.field.server.socket_path))
        send(link, [("AUTH", "default", USERS.default)])
        await asyncio.to_thread(fill_small if jobs > SMALL_FROM else fill, link, jobs)
        await client.slowlog_reset()

    async def triage(self, way: str) -> None:
        """One run, as a process."""
        port, token = self.field.edge.port, "operator-token"
        ways = {
            "TCP": {"REDIS_URL": f"rediss://default:{token}@localhost:{port}"},
            "REST": {"UPSTASH_REDIS_REST_URL": f"https://localhost:{port}", "UPSTASH_REDIS_REST_TOKEN": token},
        }
        profile = self.folder / "bench.toml"
        profile.write_text(f'name = "bench"\n[redis]\nca_file = "{self.field.folder / "ca.pem"}"\n', "utf-8")
        before, started = self.field.gate.commands["operator"], time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *command("triage", "--profile", profile, "--json", "--output-dir", self.folder / "out"),
            env=environment(self.folder, **ways[way]),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_LONGEST_LINE,
        )
        assert process.stdout is not None
        assert await process.stdout.readline(), "no verdict"
        self.told_s.append(time.monotonic() - started)
        await process.wait()
        self.wall_s.append(time.monotonic() - started)
        self.commands.append(self.field.gate.commands["operator"] - before)

    def forget(self) -> None:
        """What was measured so far."""
        for column in (self.told_s, self.wall_s, self.commands):
            column.clear()

    async def slow(self) -> int:
        """Commands that held the server too long."""
        return len(await self.field.server.client.slowlog_get(1000))


async def measures(name: str, folder: Path) -> list[Measure]:
    """Fill both, look in turn."""
    found = []
    async with AsyncExitStack() as stack:
        few, many = [Place(field=await stack.enter_async_context(open_field()), folder=folder) for _ in range(2)]
        await few.fill(FEW)
        await many.fill(MANY)
        for way in ("TCP", "REST"):
            for place in (few, many):
                await place.triage(way)
                place.forget()
            for _ in range(ROUNDS):
                await few.triage(way)
                await many.triage(way)
            label = f"{name}, {way}: triage"
            told = f"{statistics.median(few.commands)} at {FEW}"
            found += [
                paired(f"{label}: verdict at {MANY:.0e} / at {FEW} jobs", many.told_s, few.told_s, asked=1.5, unit="s"),
                paired(f"{label}: whole run likewise", many.wall_s, few.wall_s, asked=1.5, unit="s"),
                Measure(what=f"{label}: commands at the edge", got=max(many.commands), asked=REDIS_COMMANDS, note=told),
                Measure(what=f"{label}: commands over 5 ms", got=await many.slow(), asked=0, note="by SLOWLOG"),
            ]
            few.forget()
            many.forget()
            await many.field.server.client.slowlog_reset()
    return found


def run() -> Iterator[Measure]:
    """On each server there is."""
    for name, binary in binaries().items():
        os.environ["REDIS_SERVER"] = str(binary)
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            yield from asyncio.run(measures(name, Path(folder)))


if __name__ == "__main__":
    for measure in run():
        print(measure.line(), flush=True)
