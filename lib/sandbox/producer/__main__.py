"""Add jobs at a pace until stdin ends; take orders as JSON lines on stdin, answer each on stdout.

Orders: `{"order": "pace", "per_s", "mix", "extras"}`, `{"order": "burst", "count", "mix", "extras"}`,
`{"order": "trickle", "queue", "per_s", "mix", "options"}`, `{"order": "pause"}`, `{"order": "resume"}`,
`{"order": "rate_limit", "max", "window_ms"}`, `{"order": "concurrency", "limit"}`,
`{"order": "consume", "queue", "job_s", "concurrency"}`, `{"order": "count"}`.
Bursts may name a `queue` and `options`. Missing fields mean the usual, of a limit none.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from bullmq import Queue, Worker  # type: ignore[import-untyped]
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import RedisError

from sandbox.producer.jobs import FRONTEND_OPTIONS, MIX, NewJob, choose, make_job

ORPHAN_QUEUE = "app-jobs"
FRONTEND_JOBS = ("webhook:retry", "kommo:create-task", "webhook:retry")
ANSWER_WITHIN_S = 5.0
BULK_JOBS = 500
LATEST_S = 1.0
"""A producer that fell further behind its pace than this does not catch up."""


class Producer:
    """Adds jobs through a connection of its own, and writes down what it added."""

    def __init__(self, environment: Mapping[str, str], log: TextIO) -> None:
        self._redis = Redis.from_url(
            environment["REDIS_URL"],
            ssl_ca_certs=environment["NODE_EXTRA_CA_CERTS"],
            socket_timeout=ANSWER_WITHIN_S,
            decode_responses=True,
            client_name="fastify-api",
            retry=Retry(ConstantBackoff(0.1), 1),
        )
        self._queue = Queue(environment["JOB_QUEUE_NAME"], {"connection": self._redis})
        self._orphans = Queue(ORPHAN_QUEUE, {"connection": self._redis})
        self._consumer: Worker | None = None
        self._trickling: asyncio.Task[None] | None = None
        self._usual_per_s = self._per_s = float(environment["ARRIVAL_PER_S"])
        self._mix: Mapping[str, float] = MIX
        self._extras: Mapping[str, Mapping[str, object]] = {}
        self._chance = random.Random()  # noqa: S311  (a mix of jobs, no secrets)
        self._log = log
        self._changed = asyncio.Event()
        self.added: Counter[str] = Counter()

    async def produce(self) -> None:
        """Add jobs at the pace ordered, for ever. What cannot be added is written down and lost."""
        due_at = time.monotonic()
        while True:
            self._changed.clear()
            pause_s = self._chance.uniform(0.5, 1.5) / self._per_s if self._per_s > 0 else None
            due_at = max(due_at, time.monotonic() - LATEST_S) + (pause_s or 0)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(None if pause_s is None else _loop_time(due_at)):
                    await self._changed.wait()
                due_at = time.monotonic()
                continue
            await self._add(self._jobs(1, self._mix, self._extras))

    async def fill_orphans(self) -> None:
        """What the frontend put into the queue nobody consumes."""
        for name in FRONTEND_JOBS:
            await self._orphans.add(name, {"webhookEventId": str(self._chance.getrandbits(64))}, FRONTEND_OPTIONS)
            self._write(name, ORPHAN_QUEUE, None)

    async def obey(self, order: Mapping[str, Any]) -> dict[str, object]:
        """Carry out one order; what came of it."""
        match order["order"]:
            case "pace":
                per_s = order.get("per_s")
                self._per_s = self._usual_per_s if per_s is None else float(per_s)
                self._mix, self._extras = order.get("mix") or MIX, order.get("extras") or {}
                self._changed.set()
                return {"per_s": self._per_s}
            case "burst":
                return {"added": await self._burst(order)}
            case "pause":
                await self._queue.pause()
            case "resume":
                await self._queue.resume()
            case "trickle":
                await self._trickle(order)
            case "rate_limit" if order.get("max"):
                await self._queue.setGlobalRateLimit(int(order["max"]), int(order["window_ms"]))
            case "rate_limit":
                await self._queue.removeGlobalRateLimit()
            case "concurrency" if order.get("limit"):
                await self._queue.setGlobalConcurrency(int(order["limit"]))
            case "concurrency":
                await self._queue.removeGlobalConcurrency()
            case "consume":
                await self._consume(order)
            case "count":
                return {"added": dict(self.added)}
            case other:
                raise ValueError(f"unknown order {other}")
        return {}

    def _jobs(self, count: int, mix: Mapping[str, float], extras: Mapping[str, Mapping[str, object]]) -> list[NewJob]:
        names = [choose(mix, self._chance) for _ in range(count)]
        return [make_job(name, extras.get(name, {}), self._chance) for name in names]

    async def _add(self, jobs: Sequence[NewJob]) -> None:
        for job in jobs:
            try:
                added = await self._queue.add(job.name, dict(job.data), dict(job.options))
            except (RedisError, OSError) as error:
                self._write(job.name, self._queue.name, None, error=str(error))
            else:
                self._write(job.name, self._queue.name, added.id)

    async def _burst(self, order: Mapping[str, Any]) -> int:
        """Add many at once; options of the order go before the usual ones."""
        mix, extras = order.get("mix") or self._mix, order.get("extras") or self._extras
        queue = self._named(order.get("queue"))
        jobs = self._jobs(int(order["count"]), mix, extras)
        for begin in range(0, len(jobs), BULK_JOBS):
            batch = [
                {"name": job.name, "data": dict(job.data), "opts": {**job.options, **(order.get("options") or {})}}
                for job in jobs[begin : begin + BULK_JOBS]
            ]
            for added in await queue.addBulk(batch):
                self._write(added.name, queue.name, added.id)
        return len(jobs)

    def _named(self, name: str | None) -> Any:
        known = {queue.name: queue for queue in (self._queue, self._orphans)}
        return known.get(name or self._queue.name) or Queue(name, {"connection": self._redis})

    async def _trickle(self, order: Mapping[str, Any]) -> None:
        """Keep adding to a queue beside the usual one, one job after another; a pace of zero ends it."""
        if self._trickling is not None:
            self._trickling.cancel()
            self._trickling = None
        if per_s := float(order.get("per_s") or 0):
            self._trickling = asyncio.ensure_future(self._keep_adding(order, per_s))

    async def _keep_adding(self, order: Mapping[str, Any], per_s: float) -> None:
        while True:
            await self._burst({**order, "count": 1})
            await asyncio.sleep(1 / per_s)

    async def _consume(self, order: Mapping[str, Any]) -> None:
        """Be another service that takes jobs from a queue of its own; without a queue stop being one."""
        if self._consumer is not None:
            await self._consumer.close(force=True)
            self._consumer = None
        if order.get("queue"):
            job_s = float(order["job_s"])
            options = {"connection": self._redis, "concurrency": int(order["concurrency"])}
            self._consumer = Worker(order["queue"], lambda _job, _token: asyncio.sleep(job_s), options)

    def _write(self, name: str, queue: str, job_id: str | None, *, error: str = "") -> None:
        self.added["failed" if error else queue] += 1
        line = {"at_ms": time.time_ns() // 1_000_000, "queue": queue, "name": name, "id": job_id}
        self._log.write(json.dumps({**line, "error": error} if error else line) + "\n")


def _loop_time(instant: float) -> float:
    """An instant of the monotonic clock, on the event loop's."""
    return asyncio.get_running_loop().time() + instant - time.monotonic()


async def _obey_stdin(producer: Producer) -> None:
    reader = asyncio.StreamReader(limit=1024 * 1024)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        order = json.loads(line)
        try:
            result = await producer.obey(order)
        except (RedisError, OSError) as error:
            result = {"failed": str(error)}
        _answer({"answer": order.get("number"), **result})


def _answer(what: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


async def _work(log: TextIO) -> None:
    producer = Producer(os.environ, log)
    await producer.fill_orphans()
    _answer({"answer": "ready"})
    producing = asyncio.create_task(producer.produce())
    await _obey_stdin(producer)
    producing.cancel()


def main() -> None:
    """Run until stdin ends."""
    with Path(os.environ["PRODUCER_LOG"]).open("a", encoding="utf-8", buffering=1) as log:
        asyncio.run(_work(log))


if __name__ == "__main__":
    main()
