"""The worker's HTTP contract: `/health`, `/metrics`, `/metrics/prometheus`, exact paths only."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from redis.exceptions import RedisError

from sandbox.http import Answer, Request
from sandbox.worker.link import Link
from sandbox.worker.log import Log
from sandbox.worker.node_errors import reply_text
from sandbox.worker.releases import Release
from sandbox.worker.totals import Totals, average

Counts = Callable[[], Awaitable[dict[str, int]]]


class Endpoints:
    """Answers for one replica."""

    def __init__(
        self, *, link: Link, totals: Totals, queue_name: str, concurrency: int, release: Release, log: Log
    ) -> None:
        self._link = link
        self._totals = totals
        self._queue_name = queue_name
        self._concurrency = concurrency
        self._release = release
        self._log = log
        self.dead_letters: Counts | None = None

    async def __call__(self, request: Request) -> Answer:
        """Route by the whole target: a query string or a slash too many is another path."""
        target = request.target
        if target == "/health":
            return await self._health()
        if target == "/metrics":
            return _json(200, self._metrics())
        if target == "/metrics/prometheus":
            return await self._prometheus()
        return Answer(status=404, body=b'{"error":"Not Found"}')

    async def _health(self) -> Answer:
        error: str | None = None
        try:
            await self._link.ping()
        except RedisError as exc:
            error = reply_text(exc)
        payload: dict[str, object] = {
            "status": "degraded" if error else "ok",
            "service": "worker",
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "uptime": self._totals.uptime_s,
            "redis": {"connected": error is None, "error": error},
            "worker": {
                "concurrency": self._concurrency,
                "queueName": self._queue_name,
                "jobsProcessing": self._totals.processing,
            },
        }
        if self._release.dead_letter_queue:
            payload["deadLetterQueue"] = await self._dead_letter_counts(is_reachable=error is None)
        return _json(503 if error else 200, payload)

    async def _dead_letter_counts(self, *, is_reachable: bool) -> Mapping[str, object]:
        """All zeros when the query failed: indistinguishable from an empty queue, as in production."""
        if self.dead_letters is None:
            return {"available": False, "message": "Dead Letter Queue not initialized"}
        if not is_reachable:
            return {"waiting": 0, "completed": 0, "failed": 0, "total": 0}
        try:
            return await self.dead_letters()
        except RedisError as exc:
            self._log("error", "dlq.stats.failed", "Failed to get DLQ stats", error=reply_text(exc))
            return {"waiting": 0, "completed": 0, "failed": 0, "total": 0}

    def _metrics(self) -> dict[str, object]:
        totals = self._totals
        times = totals.recent_ms
        return {
            "jobs": {
                "total": totals.total,
                "completed": totals.completed,
                "failed": totals.failed,
                "processing": totals.processing,
                "byType": {name: each.payload() for name, each in totals.by_type.items()},
            },
            "redis": {
                "connected": totals.is_connected,
                "lastError": totals.last_error,
                "reconnectAttempts": totals.reconnects,
            },
            "worker": {
                "uptime": totals.uptime_s,
                "concurrency": self._concurrency,
                "queueName": self._queue_name,
            },
            "performance": {
                "avgProcessingTime": average(sum(times), len(times)),
                "maxProcessingTime": totals.longest_ms,
                "minProcessingTime": totals.shortest_ms,
            },
        }

    async def _prometheus(self) -> Answer:
        """Since 2025-11-13 the registry's promise is handed to the response unawaited: nothing is ever sent."""
        if self._release.has_pino:
            error = "Cannot write headers after they are sent to the client"
            self._log(
                "error",
                "process.unhandledRejection",
                "Unhandled rejection",
                error=f"Error [ERR_HTTP_HEADERS_SENT]: {error}",
            )
            await asyncio.Event().wait()
        return Answer(status=200, headers={"Content-Type": "text/plain; version=0.0.4"}, body=self._text().encode())

    def _text(self) -> str:
        """The seed's hand-written exposition: job names end up in metric names."""
        totals = self._totals
        times = totals.recent_ms
        values: dict[str, float] = {
            "worker_uptime_seconds": totals.uptime_s,
            "worker_jobs_total": totals.total,
            "worker_jobs_completed": totals.completed,
            "worker_jobs_failed": totals.failed,
            "worker_jobs_processing": totals.processing,
            "worker_redis_connected": int(totals.is_connected),
            "worker_avg_processing_time_ms": average(sum(times), len(times)),
        }
        for name, each in totals.by_type.items():
            prefix = f"worker_jobs_by_type_{re.sub(':', '_', name)}"
            values[f"{prefix}_completed"] = each.completed
            values[f"{prefix}_failed"] = each.failed
            values[f"{prefix}_avg_time_ms"] = average(each.total_ms, each.completed)
        return "".join(f"{name} {value}\n" for name, value in values.items())


def _json(status: int, payload: Mapping[str, object]) -> Answer:
    return Answer(status=status, body=json.dumps(payload, indent=2, ensure_ascii=False).encode())
