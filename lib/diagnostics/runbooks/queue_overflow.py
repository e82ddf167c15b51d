"""Incident 2: the Redis queue is overflowing. Steps follow the written runbook line by line."""

from __future__ import annotations

from diagnostics.checks import CHECKS
from diagnostics.model import Runbook, Step
from diagnostics.probes import PROBES
from diagnostics.runbooks import worker_not_processing
from diagnostics.text import text

RUNBOOK = Runbook(
    slug="queue-overflow",
    title=text("The Redis queue is overflowing"),
    probes=PROBES,
    checks=CHECKS,
    essential=("queue.depth", "queue.paused", "queue.progress", "worker.health", "worker.endpoints"),
    steps=(
        Step(
            line="2.D1",
            what=text("Check the queue's depth: every state, and how long it lasts"),
            findings=(
                "queue.depth",
                "queue.drain",
                "queue.threshold_eta",
                "queue.paused",
                "queue.progress",
                "queue.delayed",
                "queue.limiter",
                "queue.concurrency",
                "queue.baseline",
                "queue.orphans",
                "queue.foreign_keys",
            ),
        ),
        Step(
            line="2.D2",
            what=text("Check the worker's metrics: slots, throughput, failures"),
            findings=("worker.endpoints", "worker.capacity", "capacity.slots", "jobs.failures"),
        ),
        Step(
            line="2.A1",
            what=text("Raise concurrency: JOB_CONCURRENCY from 25 to 50, after 2.A2 has found nothing stuck"),
            findings=("worker.capacity", "capacity.slots", "worker.environment"),
            link="https://railway.app",
        ),
        Step(
            line="2.A2",
            what=text("Check whether jobs are stuck: stalled, hung or failing. Do this before 2.A1"),
            findings=(
                "queue.stalled",
                "queue.churn",
                "queue.progress",
                "queue.failed",
                "queue.dead_letters",
                "queue.refusals",
                "worker.errors",
                "worker.restarts",
                "jobs.reason",
                "jobs.duration",
            ),
            link="https://railway.app",
        ),
        Step(
            line="2.A3",
            what=text("Scale the worker: numReplicas from 2 to 3-4"),
            findings=("worker.deployment", "capacity.slots"),
            link="https://railway.app",
        ),
        Step(
            line="2.L1",
            what=text("Optimise slow jobs"),
            findings=("capacity.slots",),
        ),
        Step(
            line="2.L2",
            what=text("Add rate limiting for external APIs"),
            findings=("jobs.reason", "openrouter.account"),
            link="https://status.openrouter.ai",
        ),
        Step(
            line="2.L3",
            what=text("Consider priority queues"),
            findings=("queue.orphans", "queue.depth"),
        ),
    ),
    escalation=worker_not_processing.RUNBOOK.escalation,
)
