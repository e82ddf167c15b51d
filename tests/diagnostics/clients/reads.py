"""Each read over HTTP that the contract suite puts through the same failures, and an answer it accepts."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from diagnostics.clients.http import Http
from diagnostics.clients.openrouter import read_account
from diagnostics.clients.railway import read_service
from diagnostics.clients.worker import read_health, read_metrics
from diagnostics.profile import RailwaySection

SECRET = "canary-of-the-contract-suite"
TIMEOUT_S = 1.6
HEALTH = {
    "status": "ok",
    "uptime": 12.5,
    "redis": {"connected": True, "error": None},
    "worker": {"concurrency": 25, "queueName": "agent-jobs", "jobsProcessing": 3},
}
METRICS = {
    "jobs": {"total": 5, "completed": 4, "failed": 1, "processing": 0},
    "redis": {"connected": True},
    "worker": {"uptime": 1.5, "concurrency": 25, "queueName": "agent-jobs"},
}
SERVICE = {"data": {"serviceInstance": {"serviceName": "worker"}, "deployments": {"edges": []}}}
KEY = {"data": {"limit_remaining": 12.5}}


async def _railway(http: Http, url: str) -> Any:
    section = RailwaySection(base_url=url, project_id="p", environment_id="e", service_id="s")
    now = datetime.now(UTC)
    return await read_service(http, section, SECRET, since=now, until=now, timeout_s=TIMEOUT_S)


@dataclass(frozen=True, slots=True)
class Read:
    """One read, the answer it accepts, and a field that it cannot do without."""

    name: str
    call: Callable[[Http, str], Awaitable[Any]]
    good: Any
    needs: tuple[str, ...]
    observes: frozenset[int]
    """Statuses that are no failure to look but something seen."""
    observes_silence: bool

    def body(self, **extra: object) -> bytes:
        return json.dumps({**self.good, **extra}).encode()

    def without(self) -> bytes:
        """The good answer less the needed field."""
        copy = json.loads(self.body())
        inner = copy
        for key in self.needs[:-1]:
            inner = inner[key]
        del inner[self.needs[-1]]
        return json.dumps(copy).encode()


READS = (
    Read(
        "health",
        lambda http, url: read_health(http, url, timeout_s=TIMEOUT_S),
        HEALTH,
        ("worker", "concurrency"),
        frozenset({404, 500, 502, 504}),
        True,
    ),
    Read(
        "metrics",
        lambda http, url: read_metrics(http, url, timeout_s=TIMEOUT_S),
        METRICS,
        ("jobs", "completed"),
        frozenset({404, 500, 502, 504}),
        True,
    ),
    Read("railway", _railway, SERVICE, ("data", "deployments"), frozenset(), False),
    Read(
        "openrouter",
        lambda http, url: read_account(http, url, SECRET, timeout_s=TIMEOUT_S),
        KEY,
        ("data",),
        frozenset({401, 402, 403, 429, 500, 502, 503, 504}),
        True,
    ),
)
