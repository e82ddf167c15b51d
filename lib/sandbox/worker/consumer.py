"""One replica at work: two links to Redis, BullMQ's worker between them, its events turned into log lines."""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import Any
from urllib.parse import urlsplit

from bullmq import Job  # type: ignore[import-untyped]
from bullmq.redis_connection import RedisConnection  # type: ignore[import-untyped]

from sandbox.http import serve
from sandbox.worker.dead_letters import DeadLetters
from sandbox.worker.endpoints import Endpoints
from sandbox.worker.environment import Environment
from sandbox.worker.fetching import FetchingWorker
from sandbox.worker.handlers import HANDLERS, JobFailed, Tools
from sandbox.worker.kommo import Kommo
from sandbox.worker.link import Link
from sandbox.worker.log import Log
from sandbox.worker.node_errors import reply_text
from sandbox.worker.openrouter import OpenRouter
from sandbox.worker.releases import Release
from sandbox.worker.supabase import Supabase
from sandbox.worker.totals import Totals

EXHAUSTED_AFTER = 10
WORKER_OPTIONS = {
    "lockDuration": 30_000,
    "lockRenewTime": 15_000,
    "removeOnComplete": {"count": 1000, "age": 24 * 3600},
    "removeOnFail": {"count": 5000, "age": 7 * 24 * 3600},
}
"""Production's; what a job brings itself wins."""


class Consumer:
    """Everything one replica consists of."""

    def __init__(self, environment: Environment, release: Release, log: Log) -> None:
        self._environment = environment
        self._release = release
        self._log = log
        self._totals = Totals()
        self._main = self._link(on=self._on_link)
        self._blocking = self._link(on=lambda *_: None)
        self._letters: DeadLetters | None = None
        if release.dead_letter_queue:
            self._letters = DeadLetters(name=release.dead_letter_queue, client=self._main.client, log=log)
        self._endpoints = Endpoints(
            link=self._main,
            totals=self._totals,
            queue_name=environment.queue_name,
            concurrency=environment.concurrency,
            release=release,
            log=log,
        )
        self._tools = Tools(
            supabase=Supabase(environment.supabase_url, environment.supabase_key),
            openrouter=OpenRouter(environment.openrouter_url, environment.openrouter_key),
            kommo=Kommo(environment.kommo_url),
            job_seconds=environment.job_seconds,
            retained=[],
        )
        self._background: set[asyncio.Task[None]] = set()
        self._worker = self._bullmq()

    async def run(self, asked_to_stop: asyncio.Event) -> None:
        """Serve and process until asked to stop, then finish what was started."""
        log, environment = self._log, self._environment
        server = await serve(self._endpoints, environment.port, reuse_port=True)
        log("info", "health.server.start", f"Health check server listening on port {environment.port}")
        if self._letters is not None:
            self._endpoints.dead_letters = self._letters.counts
            log("info", "dlq.init", "Dead Letter Queue initialized", queueName=self._letters.name)
        working = asyncio.ensure_future(self._worker.run())
        log(
            "info",
            "worker.ready",
            "Worker started successfully",
            queueName=environment.queue_name,
            concurrency=environment.concurrency,
        )
        await asked_to_stop.wait()
        if self._release.has_pino:
            await self._finish(working)
        server.close()

    async def _finish(self, working: asyncio.Future[None]) -> None:
        self._log("info", "worker.shutdown.start", "Received SIGTERM, starting graceful shutdown...")
        closing = asyncio.ensure_future(self._worker.close())
        await asyncio.sleep(0)
        await self._blocking.close()
        if not self._totals.is_connected:
            await self._main.close()
        await asyncio.wait({closing, working}, return_when=asyncio.ALL_COMPLETED)
        await self._main.close()
        await self._tools.supabase.close()
        await self._tools.openrouter.close()
        await self._tools.kommo.close()
        self._log("info", "worker.shutdown.complete", "Graceful shutdown completed")

    def _link(self, *, on: Any) -> Link:
        parts = urlsplit(self._environment.redis_url)
        tls = ssl.create_default_context()
        if self._environment.extra_ca:
            tls.load_verify_locations(self._environment.extra_ca)
        return Link(
            host=parts.hostname or "",
            port=parts.port or 6379,
            token=self._environment.redis_token,
            tls=tls,
            name=f"bull:{self._environment.queue_name}",
            on=on,
            resolver=self._environment.resolver,
        )

    def _bullmq(self) -> FetchingWorker:
        options = {
            **WORKER_OPTIONS,
            **self._release.worker_options,
            "connection": self._main.client,
            "concurrency": self._environment.concurrency,
            "autorun": False,
        }
        worker = FetchingWorker(self._environment.queue_name, self._process, options)
        worker.blockingRedisConnection = RedisConnection(self._blocking.client)
        worker.bclient = self._blocking.client
        worker.on("active", lambda *_: self._totals.begin())
        worker.on("completed", self._on_completed)
        worker.on("failed", self._on_failed)
        worker.on("stalled", self._on_stalled)
        worker.on("error", self._on_error)
        return worker

    async def _process(self, job: Job, _token: str) -> dict[str, object]:
        job.begun_at = time.monotonic()
        context = {"jobId": str(job.id), "jobName": job.name}
        self._log("info", "job.start", f"Job started: {job.name}", **context, jobData=job.data)
        handler = HANDLERS.get(job.name)
        if handler is None:
            raise JobFailed(f"No handler registered for job {job.name}")
        return await handler(job.data, self._tools)

    def _on_completed(self, job: Job, _result: object) -> None:
        duration = _duration_ms(job)
        self._totals.complete(job.name, duration)
        context = {"jobId": str(job.id), "jobName": job.name, "duration": duration}
        self._log("info", "job.complete", f"Job completed: {job.name}", **context)

    def _on_failed(self, job: Job, error: Exception) -> None:
        self._totals.fail(job.name)
        context = {"jobId": str(job.id), "jobName": job.name, "duration": _duration_ms(job)}
        self._log("error", "job.failed", f"Job failed: {job.name}", error=str(error), **context)
        if self._letters is not None:
            task = asyncio.ensure_future(self._letters.consider(job, str(error)))
            self._background.add(task)
            task.add_done_callback(self._background.discard)

    def _on_stalled(self, job_id: str) -> None:
        self._log("warn", "job.stalled", f"Job {job_id} stalled", jobId=str(job_id))

    def _on_error(self, error: Exception, *_job: object) -> None:
        self._log("error", "worker.error", "Worker error", error=reply_text(error))

    def _on_link(self, event: str, *details: Any) -> None:
        totals, log = self._totals, self._log
        match event:
            case "connect":
                totals.is_connected, totals.last_error = True, None
                log("info", "redis.connect", "Redis connected")
            case "ready":
                log("info", "redis.ready", "Redis connection ready")
            case "error":
                totals.is_connected, totals.last_error = False, str(details[0])
                log("error", "redis.error", "Redis error", error=str(details[0]))
            case "close":
                totals.is_connected = False
                log("warn", "redis.disconnect", "Redis disconnected")
            case "reconnecting":
                self._on_reconnecting(*details)

    def _on_reconnecting(self, attempt: int, delay_ms: int) -> None:
        log, message = self._log, f"Redis retry attempt {attempt}, delay: {delay_ms}ms"
        log("debug", "redis.retry", message, attempt=attempt, delay=delay_ms)
        if attempt > EXHAUSTED_AFTER:
            exhausted = f"Redis connection failed after {attempt} attempts"
            log("error", "redis.retry.exhausted", exhausted, attempt=attempt)
        number = self._totals.reconnects
        log("warn", "redis.reconnect", f"Redis reconnecting (attempt {number})", attempt=number)
        self._totals.reconnects += 1


def _duration_ms(job: Job) -> int:
    begun_at: float = getattr(job, "begun_at", time.monotonic())
    return round((time.monotonic() - begun_at) * 1000)
