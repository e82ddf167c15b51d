"""A queue of every state, written as BullMQ 5 lays it out, with values nobody expects."""

from __future__ import annotations

from typing import Any

NAME = "agent-jobs"
ODD_NAME = "очередь/%2F?#"
BINARY = bytes(range(256))
_ROWS = {
    "1": {"name": "waiting", "timestamp": 1_764_000_000_001},
    "2": {"name": "в работе", "timestamp": 1_764_000_000_002, "processedOn": 1_764_000_000_500, "atm": 1},
    "3": {"name": "done", "timestamp": 1, "processedOn": 2, "finishedOn": 3, "atm": 1},
    "4": {"name": BINARY, "timestamp": 1, "processedOn": 2, "finishedOn": 4, "failedReason": '"ECONNRESET"'},
    "5": {"name": "", "timestamp": 2**62, "delay": 5},
}


async def fill(client: Any, *names: str) -> None:
    """Write the queue under each of these names."""
    for name in names:
        prefix = f"bull:{name}"
        await client.hset(
            f"{prefix}:meta", mapping={"opts.maxLenEvents": 10000, "version": "bullmq:5.62.0", "paused": 1}
        )
        await client.set(f"{prefix}:id", 2**63 - 1)
        await client.rpush(f"{prefix}:wait", "1")
        await client.rpush(f"{prefix}:active", "2", "6")
        await client.set(f"{prefix}:2:lock", BINARY)
        await client.zadd(f"{prefix}:completed", {"3": 1_764_000_000_003})
        await client.zadd(f"{prefix}:failed", {"4": 1_764_000_000_004.5})
        await client.zadd(f"{prefix}:delayed", {"5": 1_764_000_000_005 * 4096 + 7})
        await client.zadd(f"{prefix}:prioritized", {"1": 2**40})
        for job, fields in _ROWS.items():
            await client.hset(f"{prefix}:{job}", mapping=fields)
        for step, kind in enumerate(("added", "waiting", "active", "completed", "strange")):
            await client.xadd(f"{prefix}:events", {"event": kind, "jobId": "3", "data": BINARY}, id=f"{step + 1}-0")
