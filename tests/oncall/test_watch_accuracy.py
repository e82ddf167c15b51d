"""What the history tells of a real BullMQ queue against the producer's own log and the server's own counts."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import redis.asyncio
from bullmq import Queue, Worker
from tests.diagnostics.diagnoses import QUEUE, evidence, scope, seen
from tests.valkey import valkey

from diagnostics import trends
from diagnostics.clients.history import Ask, read_samples
from diagnostics.probes.history import METRICS
from diagnostics.scope import Window
from oncall.history.clock import Clock
from oncall.history.store import Store
from oncall.question import Wish, checked
from oncall.watch import Watcher

SPEED = 10
EVERY_S = 4.0
SAMPLES = 30


@dataclass
class Truth:
    """What happened, in the clock of the watcher."""

    clock: Clock
    added_ms: list[int] = field(default_factory=list)
    depth: list[tuple[int, int]] = field(default_factory=list)

    async def produce(self, queue: Queue) -> None:
        number = 0
        while True:
            number += 1
            await queue.add("works", {}, {"priority": 4} if number % 3 == 0 else {})
            self.added_ms.append(self.clock.wall_ms())
            await asyncio.sleep(0.004 if number // 100 % 2 else 0.03)

    async def count(self, client: redis.asyncio.Redis) -> None:
        while True:
            pipe = client.pipeline(transaction=True)
            pipe.llen(f"bull:{QUEUE}:wait").zcard(f"bull:{QUEUE}:prioritized")
            self.depth.append((self.clock.wall_ms(), sum(await pipe.execute())))
            await asyncio.sleep(0.01)


async def handle(_job, _token) -> None:
    await asyncio.sleep(0.02)


async def test_depth_and_arrivals_equal_what_really_happened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Depth at every sample within the jobs that moved meanwhile; all arrivals counted, to one interval at each end."""
    with valkey() as server:
        address = f"redis://127.0.0.1:{server.port}"
        monkeypatch.setenv("REDIS_URL", address)
        path = tmp_path / "h.sqlite3"
        (tmp_path / "p.toml").write_text(f'name = "p"\n[redis]\n[history]\npath = "{path}"\n', "utf-8")
        truth = Truth(clock=Clock(speed=SPEED, origin_s=time.time()))
        await lived(tmp_path / "p.toml", Store(path), address, truth)
    since, until = truth.depth[0][0], truth.depth[-1][0] + 1
    ask = Ask(profile="p", metrics=METRICS, since_ms=since, until_ms=until)
    reading = await read_samples(path, ask, timeout_s=5)
    window = Window(since=at(since), until=at(until))
    look = seen(evidence("history.samples", reading, observed_at=at(until)))
    series = trends.depth(look, scope(window=window), QUEUE)
    known = np.isfinite(series.value)
    assert known.sum() >= SAMPLES - 2
    assert max(depth for _, depth in truth.depth) > 10
    for instant, value in zip(series.at_ms[known].tolist(), series.value[known].tolist(), strict=True):
        near = [depth for ms, depth in truth.depth if -300 <= ms - instant <= 1500]
        assert not near or min(near) - 2 <= value <= max(near) + 2
    arrivals = trends.arrivals(look, scope(window=window))
    binned = list(zip(arrivals.at_ms.tolist(), arrivals.value.tolist(), strict=True))
    # Where this machine was too busy to sample in time there is a gap, and a gap tells nothing.
    seen_bins = [(start, rate) for start, rate in binned if np.isfinite(rate)]
    assert len(seen_bins) > len(binned) / 4
    told = sum(rate for _, rate in seen_bins) * arrivals.step_ms / 60_000
    real = sum(start <= ms < start + arrivals.step_ms for start, _ in seen_bins for ms in truth.added_ms)
    # Growth between two samples has no shape: each stretch of bins is right to one interval's arrivals at its ends.
    assert told == pytest.approx(real, rel=0.05, abs=10)


async def lived(profile: Path, store: Store, address: str, truth: Truth) -> None:
    """A producer, a worker, a counter and the watcher, side by side until enough was sampled."""
    client = redis.asyncio.from_url(address, decode_responses=True)
    queue = Queue(QUEUE, {"connection": address})
    worker = Worker(QUEUE, handle, {"connection": address, "concurrency": 2})
    tasks = [asyncio.create_task(truth.produce(queue)), asyncio.create_task(truth.count(client))]
    watcher = Watcher(checked(Wish(slug="triage", profile=str(profile))), store, clock=truth.clock, every_s=EVERY_S)
    number = 0
    async for _ in watcher.samples():
        number += 1
        if number == SAMPLES:
            break
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await worker.close(force=True)
    await queue.close()
    await client.aclose()
    store.close()


def at(ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
