"""Our reader of the queue beside BullMQ's own library, on one server and in one run: `python -m tests.bench.queue`.

Needs node and npm on PATH for the peer (`bullmq@5`, fetched into a temporary folder); without them only our side is timed.
JOBS and ROUNDS in the environment change the size (100000 finished jobs, 7 rounds). MANY sets the jobs at which a look
must cost no more than at a hundred (1000000).
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from tests.valkey import valkey

from diagnostics.budget import Budget
from diagnostics.clients.bullmq import Bullmq, Reach
from diagnostics.clients.redis import RedisReader

JOBS = int(os.environ.get("JOBS", "100000"))
ROUNDS = int(os.environ.get("ROUNDS", "7"))
MANY = int(os.environ.get("MANY", "1000000"))
KEY = "bull:agent-jobs:"
FEW = 100
SLOW_US = 5000
"""Promise 4: no command of ours holds the server longer (microseconds)."""
PEER = Path(__file__).with_name("peer.mjs")


async def fill(client: Redis, count: int, first: int = 0) -> None:
    """Finished jobs in the layout of BullMQ 5, a twenty-fifth of them failed, one a second."""
    now = round(time.time() * 1000)
    for start in range(first, first + count, 5000):
        async with client.pipeline(transaction=False) as pipe:
            for number in range(start, min(start + 5000, first + count)):
                at = now - (first + count - number) * 1000
                state = "failed" if number % 25 == 0 else "completed"
                row = {"name": f"type-{number % 7}", "data": "{}", "opts": "{}", "timestamp": at - 900}
                row |= {"processedOn": at - 500, "finishedOn": at, "atm": 1, "ats": 1}
                row |= {"failedReason": "x", "stacktrace": "[]"} if state == "failed" else {"returnvalue": "1"}
                pipe.hset(f"{KEY}{number}", mapping=row)  # type: ignore[arg-type]
                pipe.zadd(KEY + state, {str(number): at})
            await pipe.execute()
    await client.set(f"{KEY}id", first + count)
    await client.hset(f"{KEY}meta", "opts.maxLenEvents", "10000")


async def timed(rounds: int, ask: Callable[[], Awaitable[Any]]) -> list[float]:
    """Milliseconds of each round, after one that does not count."""
    await ask()
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        await ask()
        taken.append(1000 * (time.perf_counter() - started))
    return taken


async def cpu_ms(client: Redis) -> float:
    """Processor time the server has used so far."""
    info = await client.info("cpu")
    return 1000 * float(info["used_cpu_user"] + info["used_cpu_sys"])


def peer(port: int) -> dict[str, list[float]] | None:
    """BullMQ's own answers, or `None` where node or npm is missing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    with tempfile.TemporaryDirectory() as home:
        quiet = ["--silent", "--no-audit", "--no-fund", "--prefix", home]
        subprocess.run([npm, "install", *quiet, "bullmq@5"], check=True, capture_output=True)
        run = subprocess.run(
            [node, str(PEER), str(port), str(ROUNDS)],
            env={**os.environ, "PEER_HOME": home},
            check=True,
            capture_output=True,
            text=True,
        )
    return json.loads(run.stdout)


async def measure(port: int) -> None:
    """Fill, ask both, print the ratios."""
    url = f"redis://127.0.0.1:{port}"
    client: Redis = Redis.from_url(url)
    reader = RedisReader(url, budget=Budget(redis_command_limit=10**9), timeout_s=60)
    bullmq = Bullmq(reader, prefix="bull")

    async def look() -> None:
        await bullmq.full("agent-jobs", before=await bullmq.glance("agent-jobs"))
        await bullmq.rows("agent-jobs")
        await bullmq.events("agent-jobs", count=3000)
        await bullmq.keyspace(known=["agent-jobs"])

    await fill(client, FEW)
    few = statistics.median(await timed(ROUNDS * 5, look))
    await fill(client, JOBS - FEW, FEW)
    await client.config_set("slowlog-log-slower-than", SLOW_US)
    await client.slowlog_reset()
    counts = statistics.median(await timed(ROUNDS * 20, lambda: bullmq.glance("agent-jobs")))
    before = await cpu_ms(client)
    history = await timed(ROUNDS, lambda: bullmq.history("agent-jobs", Reach(JOBS // 500, 0, 60)))
    server = (await cpu_ms(client) - before) / (ROUNDS + 1)
    slow = await client.slowlog_get(1000)
    theirs = peer(port)
    print(f"counts: ours {counts:.2f} ms" + _against(counts, theirs and theirs["counts"], "getJobCounts"))
    ours = statistics.median(history)
    print(f"history of {JOBS} jobs: ours {ours:.0f} ms" + _against(ours, theirs and theirs["jobs"], "getJobs"))
    print(f"  against the server's own processor time, {server:.0f} ms: {ours / server:.2f}")
    print(f"  commands that held the server over 5 ms: {len(slow)} of {(ROUNDS + 1) * (JOBS // 1000)} batches")
    if MANY > JOBS:
        await fill(client, MANY - JOBS, JOBS)
    await client.slowlog_reset()
    many = statistics.median(await timed(ROUNDS * 5, look))
    slow = await client.slowlog_get(1000)
    print(f"one whole look: {few:.2f} ms at {FEW} jobs, {many:.2f} ms at {max(MANY, JOBS)}: {many / few:.2f}")
    print(f"  commands that held the server over 5 ms: {len(slow)}")
    await reader.close()
    await client.aclose()


def _against(ours: float, theirs: list[float] | None, name: str) -> str:
    if theirs is None:
        return f"; {name} not timed: node and npm are not on PATH"
    told = statistics.median(theirs)
    return f", {name} {told:.2f} ms: {ours / told:.3f}"


def main() -> int:
    """Start a server, measure, stop it."""
    with valkey() as server:
        asyncio.run(measure(server.port))
    return 0


if __name__ == "__main__":
    sys.exit(main())
