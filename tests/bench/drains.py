"""Forecast against fact: build a backlog, forecast its end, and wait for the real one.

Usage: python -m tests.bench.drains [DRAINS]. Boots one sandbox after another with jobs of different lengths and
different arrivals, adds bursts, looks as `runbook queue` does, and then counts what waits until nothing does.
Ends with 0 when at least 90 % of the forecasts are within 20 % of the real drain.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bullmq import Queue
from redis.asyncio import Redis
from tests.sandbox.running import Running, running

from diagnostics import engine
from diagnostics import settings as profiles
from diagnostics.question import ask
from diagnostics.redaction import redactor_for
from diagnostics.runbooks import GLANCE
from diagnostics.seen import Seen
from diagnostics.trends.capacity import capacity
from sandbox.producer.jobs import MIX, choose, make_job

ROOT = Path(__file__).parents[2]
WITHIN = 0.2
WANTED = 0.9
SETTLE_LENGTHS = 4.0
"""Usual job lengths to wait before the forecast: the first jobs of a burst all start in the same moment."""
LONGEST_S = 180.0
WARM_S = 20.0
"""A worker that has just started cannot say how long its jobs take: a forecast then is up to a quarter too short."""
PLACES = (("1", "12", 1200), ("0.6", "8", 1600), ("1.5", "14", 900), ("2", "2", 600), ("0.5", "30", 1500))
"""Job length (s), arrivals (jobs/s) and backlog (jobs) of each sandbox in turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """One forecast and what became of it (seconds)."""

    backlog: int
    forecast_s: float
    low_s: float
    high_s: float
    real_s: float

    @property
    def error(self) -> float:
        """Forecast over fact, less one."""
        return self.forecast_s / self.real_s - 1


async def one(place: Running, job_s: float, backlog: int) -> Drain:
    """Add a burst, forecast, wait for the end."""
    redis = place.redis()
    await burst(redis, backlog)
    await asyncio.sleep(max(2.0, SETTLE_LENGTHS * job_s))
    settings = profiles.load(
        "sandbox", environ={**os.environ, **place.settings}, root=ROOT, folders=(ROOT / "profiles",)
    )
    scope = ask("queue", settings, now=datetime.now(UTC))
    evidence, _ = await engine.collect(GLANCE, settings, scope, redactor=redactor_for(settings, {}))
    seen = Seen(evidence)
    room, state = capacity(seen, scope), seen.of("queue.state")
    assert room is not None and state is not None, "no forecast"
    drain = room.drain_s()
    at = state.observed_at.timestamp()
    ended = await nothing_waits(redis)
    await redis.aclose()
    return Drain(backlog=room.backlog, forecast_s=drain.value, low_s=drain.low, high_s=drain.high, real_s=ended - at)


async def burst(redis: Redis, count: int) -> None:
    """Add the usual mix of jobs."""
    queue, chance = Queue("agent-jobs", {"connection": redis}), random.Random()
    jobs = [make_job(choose(MIX, chance), {}, chance) for _ in range(count)]
    for first in range(0, count, 500):
        part = jobs[first : first + 500]
        await queue.addBulk([{"name": j.name, "data": dict(j.data), "opts": dict(j.options)} for j in part])


async def nothing_waits(redis: Redis) -> float:
    """When the queue was first seen empty (epoch seconds)."""
    give_up_at = time.monotonic() + LONGEST_S
    while await redis.llen("bull:agent-jobs:wait"):
        assert time.monotonic() < give_up_at, "it does not drain"
        await asyncio.sleep(0.05)
    return time.time()


async def drains(count: int) -> list[Drain]:
    """`count` drains, spread over the sandboxes."""
    found: list[Drain] = []
    with tempfile.TemporaryDirectory(prefix="rb-") as folder:
        for number, (job_s, per_s, backlog) in enumerate(PLACES):
            share = count // len(PLACES) + (number < count % len(PLACES))
            if not share:
                continue
            with running(Path(folder), "--job-seconds", job_s, "--arrival-per-s", per_s, name="drains") as place:
                await asyncio.sleep(WARM_S)
                for _ in range(share):
                    found.append(await one(place, float(job_s), backlog))
                    print(line(found[-1], job_s, per_s), flush=True)
    return found


def line(drain: Drain, job_s: str, per_s: str) -> str:
    mark = "hit " if abs(drain.error) <= WITHIN else "MISS"
    return (
        f"{mark}  jobs of {job_s:>3} s, {per_s:>2}/s arrive: {drain.backlog:5} wait, forecast {drain.forecast_s:6.1f} s "
        f"({drain.low_s:.0f} to {drain.high_s:.0f}), real {drain.real_s:6.1f} s, off by {drain.error:+.0%}"
    )


def main() -> int:
    """Print each drain and the rate of hits."""
    found = asyncio.run(drains(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
    hits = sum(abs(d.error) <= WITHIN for d in found)
    inside = sum(d.low_s <= d.real_s <= d.high_s for d in found)
    print(
        f"{hits} of {len(found)} within {WITHIN:.0%} ({hits / len(found):.0%}); interval held the fact {inside} times"
    )
    return 0 if hits >= WANTED * len(found) else 2


if __name__ == "__main__":
    sys.exit(main())
