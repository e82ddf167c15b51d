"""Our reader of the queue beside BullMQ's own library, on one server and in one run: `python -m tests.bench.queue`.

Both sides come over plain loopback TCP and take turns. JOBS and ROUNDS in the environment change the size (100000
finished jobs, 7 rounds).
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from redis.asyncio import Redis
from tests.bench.filling import fill, link_to
from tests.bench.measure import Measure, p99, paired
from tests.bench.peer import Peer, peer
from tests.bench.servers import allocators, binaries, running

from diagnostics.budget import Budget
from diagnostics.clients.bullmq import Bullmq, Reach
from diagnostics.clients.bullmq.history import BATCH
from diagnostics.clients.redis import RedisReader

JOBS = int(os.environ.get("JOBS", "100000"))
ROUNDS = int(os.environ.get("ROUNDS", "7"))
QUEUE = "agent-jobs"
ASKED = 300
"""Commands of the budget at which the history is read: `--redis-commands 300`."""
COUNTS = 200
"""Counts of one round."""
SLOW_US = 5000
"""Promise 4: no command of ours holds the server longer (microseconds)."""
WINDOW_S = 4.0
LOOKS_PER_S = 1.0
"""More than twice what `triage` in a loop does, whose two samples are 2 s apart."""


async def timed(rounds: int, ask: Callable[[], Awaitable[Any]]) -> list[float]:
    """Milliseconds of each round."""
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


async def counts(name: str, bullmq: Bullmq, other: Peer) -> Measure:
    """The same eight states, by nine reads here and by one script there."""
    ours, theirs = [], []
    await timed(COUNTS, lambda: bullmq.counts(QUEUE))
    await other.ask("counts", rounds=COUNTS)
    for _ in range(ROUNDS):
        ours.append(statistics.median(await timed(COUNTS, lambda: bullmq.counts(QUEUE))))
        theirs.append(statistics.median(await other.ask("counts", rounds=COUNTS)))
    return paired(f"{name}: counts / getJobCounts", ours, theirs, asked=1.2)


async def history(name: str, bullmq: Bullmq, other: Peer, client: Redis) -> Iterator[Measure]:
    """All finished jobs, as `--redis-commands 300` reads them, beside `getJobs(["completed", "failed"], 0, -1)`."""
    ours, theirs, server = [], [], []
    await client.slowlog_reset()
    for _ in range(ROUNDS):
        before = await cpu_ms(client)
        ours += await timed(1, lambda: bullmq.history(QUEUE, Reach(ASKED, 0, 60)))
        server.append(await cpu_ms(client) - before)
        theirs += await other.ask("jobs", rounds=1)
    slow = Counter(entry["command"] for entry in await client.slowlog_get(1000) if b"SORT_RO" in entry["command"])
    often = [batch for batch, times in slow.items() if times > ROUNDS / 2]
    return iter(
        (
            paired(f"{name}: history of {JOBS} rows / getJobs", ours, theirs, asked=0.1),
            paired(f"{name}: history / the server's own processor time", ours, server, asked=1.5),
            Measure(
                what=f"{name}: batches of the history that held the server over 5 ms",
                got=slow.total(),
                asked=0,
                note=f"of {ROUNDS * -(-JOBS // BATCH)}, by SLOWLOG: time the server was not running counts too; "
                f"{len(often)} of {-(-JOBS // BATCH)} did in most of the rounds",
            ),
        )
    )


async def latency(name: str, bullmq: Bullmq, other: Peer) -> Measure:
    """What a real worker and producer wait for their own commands, with our looks beside them and without."""

    async def looks() -> None:
        while True:
            await bullmq.full(QUEUE, before=await bullmq.glance(QUEUE))
            await bullmq.rows(QUEUE)
            await bullmq.events(QUEUE, count=3000)
            await bullmq.keyspace(known=[QUEUE])
            await asyncio.sleep(1 / LOOKS_PER_S)

    alone, beside = [], []
    await other.ask("work", seconds=1)
    for _ in range(ROUNDS):
        alone.append(p99(await other.ask("work", seconds=WINDOW_S)))
        task = asyncio.create_task(looks())
        beside.append(p99(await other.ask("work", seconds=WINDOW_S)))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    added = [one - other for one, other in zip(beside, alone, strict=True)]
    note = f"p99 {statistics.median(alone):.2f} ms alone, {statistics.median(beside):.2f} ms beside us"
    return Measure(
        what=f"{name}: added to a worker's commands at p99 (ms)", got=statistics.median(added), asked=1, note=note
    )


async def measures(name: str, port: int) -> list[Measure]:
    """Fill, ask both in turn."""
    await asyncio.to_thread(fill, link_to(port), JOBS)
    client: Redis = Redis(port=port)
    reader = RedisReader(f"redis://127.0.0.1:{port}", budget=Budget(redis_command_limit=10**9), timeout_s=60)
    bullmq = Bullmq(reader, prefix="bull")
    await client.config_set("slowlog-log-slower-than", SLOW_US)
    try:
        async with peer(port) as other:
            return [
                await counts(name, bullmq, other),
                *await history(name, bullmq, other, client),
                await latency(name, bullmq, other),
            ]
    finally:
        await reader.close()
        await client.aclose()


def run() -> Iterator[Measure]:
    """On each server there is."""
    for name, binary in binaries().items():
        for label, allocator in allocators(name).items():
            with running(binary, allocator) as port:
                yield from asyncio.run(measures(label, port))


if __name__ == "__main__":
    for measure in run():
        print(measure.line(), flush=True)
