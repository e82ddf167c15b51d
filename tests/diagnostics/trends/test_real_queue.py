"""The walk back against the depth of a real BullMQ queue, sampled while it lived."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import redis.asyncio
from bullmq import Queue, Worker
from tests.diagnostics.diagnoses import QUEUE, evidence, scope, seen
from tests.valkey import valkey

from diagnostics import trends
from diagnostics.readings import QueueCounts, QueueEvents, QueueState
from diagnostics.scope import Window

_READY = (("llen", "wait"), ("llen", "paused"), ("zcard", "prioritized"))
_LIFE_S = 4.0


@pytest.fixture
async def server() -> AsyncIterator[str]:
    with valkey() as running:
        yield f"redis://127.0.0.1:{running.port}"


async def produce(queue: Queue) -> None:
    """Every way into the queue and out of it that BullMQ knows, at random."""
    dice = random.Random(7)
    kinds = [{}, {"priority": 4}, {"delay": 300}, {"attempts": 2}, {"attempts": 2, "backoff": 200}]
    while True:
        for _ in range(dice.randint(1, 8)):
            await queue.add("fails" if dice.random() < 0.3 else "works", {}, dict(dice.choice(kinds)))
        if dice.random() < 0.1:
            await queue.pause()
            await asyncio.sleep(0.2)
            await queue.resume()
        await asyncio.sleep(dice.random() / 20)


async def handle(job, _token):
    await asyncio.sleep(0.03)
    if job.name == "fails":
        raise ValueError("as asked")


async def sample(client: redis.asyncio.Redis, found: list[tuple[int, int]]) -> None:
    while True:
        found.append((await at_once(client))[:2])
        await asyncio.sleep(0.04)


async def at_once(client: redis.asyncio.Redis, *, steps_from: str = "+"):
    """Instant by the server's own clock (ms), depth, and the events from an id on, in one transaction."""
    pipe = client.pipeline(transaction=True)
    for command, state in _READY:
        getattr(pipe, command)(f"bull:{QUEUE}:{state}")
    *counted, (seconds, micros), steps = await pipe.time().xrange(f"bull:{QUEUE}:events", steps_from).execute()
    return seconds * 1000 + micros // 1000, sum(counted), steps


async def test_the_walk_meets_every_depth_that_was_sampled_while_jobs_were_running(server):
    client = redis.asyncio.from_url(server, decode_responses=True)
    queue = Queue(QUEUE, {"connection": server})
    worker = Worker(QUEUE, handle, {"connection": server, "concurrency": 3})
    sampled: list[tuple[int, int]] = []
    tasks = [asyncio.create_task(produce(queue)), asyncio.create_task(sample(client, sampled))]
    await asyncio.sleep(_LIFE_S)
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await queue.resume()
    at, depth, steps = await at_once(client, steps_from="-")
    # At night the worker goes on between the read of the steps and that of the count.
    await wait_for(client, max(depth - 2, 0))
    late, later_depth, _ = await at_once(client)
    await worker.close(force=True)
    await queue.close()
    await client.aclose()
    assert max(depth for _, depth in sampled) > 10
    met = meetings(walked(steps, at_ms=at, depth=depth), sampled, steps)
    assert len(met) > 20
    # Up to eight jobs are added within the millisecond that both clocks round to.
    assert all(abs(value - wanted) <= 8 for value, wanted in met)
    assert sum(abs(value - wanted) <= 1 for value, wanted in met) > 0.9 * len(met)
    shifted = walked(steps, at_ms=late, depth=later_depth)
    assert all(abs(value - wanted) <= 8 + shifted.off_by for value, wanted in meetings(shifted, sampled, steps))


async def wait_for(client: redis.asyncio.Redis, depth: int) -> None:
    async with asyncio.timeout(10):
        while (await at_once(client))[1] > depth:
            await asyncio.sleep(0.005)


def meetings(series: trends.Series, sampled: list[tuple[int, int]], steps) -> list[tuple[float, int]]:
    """The depth the series tells, and the one the samples tell, at each of its instants."""
    points = zip(series.at_ms.tolist(), series.value.tolist(), strict=True)
    first, last = sampled[0][0], int(steps[-1][0].partition("-")[0])
    return [(value, since(sampled, steps, instant)) for instant, value in points if first <= instant <= last]


def since(sampled: list[tuple[int, int]], steps, instant: int) -> int:
    """The depth at `instant`: that of the last sample, and what came and went since, however long that was."""
    sampled_ms, depth = [found for found in sampled if found[0] <= instant][-1]
    moves = {"waiting": 1, "prioritized": 1, "active": -1}
    later = [fields["event"] for entry, fields in steps if sampled_ms < int(entry.partition("-")[0]) <= instant]
    return depth + sum(moves.get(kind, 0) for kind in later)


def walked(steps, *, at_ms: int, depth: int) -> trends.Series:
    """The series from what a probe would have read."""
    at = datetime.fromtimestamp(at_ms / 1000, tz=UTC)
    times = tuple(int(entry.partition("-")[0]) for entry, _ in steps)
    kinds = tuple(fields["event"] for _, fields in steps)
    counts = QueueCounts(name=QUEUE, is_present=True, wait=depth, paused=0, prioritized=0)
    read = (
        evidence("queue.state", QueueState(first=(), second=(counts,), gap_s=0), observed_at=at),
        evidence(
            "queue.events",
            QueueEvents(queue=QUEUE, at_ms=times, kind=kinds, complete_since_ms=times[0]),
            observed_at=at,
        ),
    )
    window = Window(since=datetime.fromtimestamp(times[0] / 1000, tz=UTC), until=at)
    return trends.depth(seen(*read), scope(window=window), QUEUE)
