"""Dead letters, as HEAD means to keep them: a queue of their own, and plain keys when that fails."""

from __future__ import annotations

import json
import time
from typing import Any

from bullmq import Job, Queue  # type: ignore[import-untyped]
from redis.exceptions import RedisError

from sandbox.worker.log import Log
from sandbox.worker.queue_name import check_queue_name

ASSUMED_ATTEMPTS = 3
FALLBACK_S = 7 * 24 * 3600


class DeadLetters:
    """Takes over what failed for the last time."""

    def __init__(self, *, name: str, client: Any, log: Log) -> None:
        check_queue_name(name)
        self.name = name
        self._client = client
        self._log = log
        self._queue = Queue(name, {"connection": client})

    async def counts(self) -> dict[str, int]:
        """Entries by state. Priority 1 keeps entries in `prioritized`, which nobody counts: zeros, for ever."""
        prefix = f"bull:{self.name}"
        waiting = int(await self._client.llen(f"{prefix}:wait"))
        completed = int(await self._client.zcard(f"{prefix}:completed"))
        failed = int(await self._client.zcard(f"{prefix}:failed"))
        return {"waiting": waiting, "completed": completed, "failed": failed, "total": waiting + completed + failed}

    async def consider(self, job: Job, error: str) -> None:
        """Keep `job` if this was its last attempt; one without `attempts` is compared with three."""
        if job.attemptsMade < (job.opts.get("attempts") or ASSUMED_ATTEMPTS):
            return
        context = {"jobId": str(job.id), "jobName": job.name}
        self._log(
            "warn",
            "job.max_retries_exceeded",
            "Job exceeded max retries, moving to DLQ",
            **context,
            attemptsMade=job.attemptsMade,
        )
        now = time.time_ns() // 1_000_000
        try:
            await self._add(job, error, now)
        except (RedisError, ValueError) as exc:
            self._log("error", "dlq.move.failed", "Failed to move job to DLQ", error=str(exc), **context)
            await self._store(job, error, now)
        else:
            self._log("warn", "dlq.job.moved", "Job moved to Dead Letter Queue", **context)

    async def _add(self, job: Job, error: str, now: int) -> None:
        if ":" in str(job.id):
            raise ValueError("Custom Id cannot contain :")
        letter: dict[str, Any] = {
            "originalJobId": job.id,
            "originalJobName": job.name,
            "originalData": job.data,
            "failureReason": error,
            "failureCount": job.attemptsMade,
            "firstFailedAt": job.processedOn,
            "lastFailedAt": now,
            "stackTrace": job.stacktrace,
        }
        options = {"jobId": f"dlq:{job.id}:{now}", "priority": 1, "removeOnComplete": False, "removeOnFail": False}
        await self._queue.add(f"dlq:{job.name}", letter, options)

    async def _store(self, job: Job, error: str, now: int) -> None:
        letter = {
            "jobId": job.id,
            "jobName": job.name,
            "jobData": job.data,
            "error": error,
            "stack": "\n".join(job.stacktrace),
            "failureCount": job.attemptsMade,
            "timestamp": now,
        }
        try:
            await self._client.set(f"dlq:fallback:{job.id}:{now}", json.dumps(letter), ex=FALLBACK_S)
        except RedisError as exc:
            self._log("error", "dlq.fallback.failed", "Failed to store DLQ fallback", error=str(exc))
        else:
            self._log("info", "dlq.fallback.stored", "Stored failed job in DLQ fallback", jobId=str(job.id))
