"""The queue at a glance: what `runbook queue` looks at. Redis and the worker's own endpoints, nothing else."""

from __future__ import annotations

from diagnostics.checks import capacity, queue
from diagnostics.checks.redis import check_redis_connection
from diagnostics.model import Runbook
from diagnostics.probes.queue import PROBES as _QUEUE
from diagnostics.probes.queue import (
    probe_queue_events,
    probe_queue_jobs,
    probe_queue_state,
    probe_redis_connection,
)
from diagnostics.probes.worker import PROBES as _WORKER
from diagnostics.probes.worker import probe_worker_health, probe_worker_metrics
from diagnostics.text import text

_LOOKS = (
    probe_worker_health,
    probe_worker_metrics,
    probe_redis_connection,
    probe_queue_state,
    probe_queue_jobs,
    probe_queue_events,
)

RUNBOOK = Runbook(
    slug="queue",
    title=text("The queue at a glance"),
    probes=tuple(probe for probe in (*_WORKER, *_QUEUE) if probe.look in _LOOKS),
    checks=(check_redis_connection, *queue.CHECKS, *capacity.CHECKS),
    essential=("queue.depth", "queue.paused", "queue.progress"),
)
