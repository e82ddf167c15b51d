"""Incident 1: the worker does not process jobs. Steps follow the written runbook line by line."""

from __future__ import annotations

from diagnostics.checks import CHECKS
from diagnostics.model import Runbook, Step
from diagnostics.probes import PROBES
from diagnostics.text import text

RUNBOOK = Runbook(
    slug="worker-not-processing",
    title=text("The worker does not process jobs"),
    probes=PROBES,
    checks=CHECKS,
    essential=("worker.health", "worker.redis", "queue.depth", "queue.paused", "queue.progress"),
    steps=(
        Step(
            line="1.D1",
            what=text("Check the worker's status: /health and /metrics"),
            findings=("worker.health", "worker.endpoints", "worker.redis", "worker.clock", "queue.name"),
        ),
        Step(
            line="1.D2",
            what=text("Check the worker's logs for errors of the Redis connection"),
            findings=("worker.errors", "worker.restarts"),
            link="https://railway.app",
        ),
        Step(
            line="1.D3",
            what=text("Check the queue's depth, and whether it moves"),
            findings=(
                "queue.depth",
                "queue.paused",
                "queue.progress",
                "queue.delayed",
                "queue.stalled",
                "queue.churn",
                "queue.limiter",
                "queue.concurrency",
                "queue.failed",
                "queue.refusals",
                "queue.orphans",
                "queue.dead_letters",
                "queue.foreign_keys",
                "queue.baseline",
            ),
        ),
        Step(
            line="1.A1",
            what=text("Check the environment variables in Railway"),
            findings=(
                "worker.environment",
                "worker.concurrency",
                "worker.token",
                "queue.server",
                "variables.hosts",
                "variables.secrets",
            ),
            link="https://railway.app",
        ),
        Step(
            line="1.A2",
            what=text("Check Upstash and the Redis instance"),
            findings=("redis.connection", "redis.memory", "redis.plan", "provider.upstash"),
            link="https://console.upstash.com",
        ),
        Step(
            line="1.A3",
            what=text("Restart the worker: Railway Dashboard → Worker Service → Settings → Redeploy"),
            findings=("worker.deployment",),
            link="https://railway.app",
        ),
        Step(
            line="1.B1",
            what=text("Check the errors of job processing"),
            findings=("jobs.failures", "jobs.reason", "jobs.duration"),
            link="https://world-wide-services.sentry.io",
        ),
        Step(
            line="1.B2",
            what=text("Raise concurrency if jobs accumulate: JOB_CONCURRENCY from 25 to 50"),
            findings=("worker.capacity",),
            link="https://railway.app",
        ),
        Step(
            line="1.B3",
            what=text("Check that the external APIs are available: OpenRouter, Supabase"),
            findings=("openrouter.account", "provider.openrouter", "provider.supabase"),
            link="https://status.openrouter.ai",
        ),
    ),
    escalation=(
        text(
            "Check the status of all services: https://www.vercel-status.com, https://status.railway.com, "
            "https://status.upstash.com, https://status.supabase.com"
        ),
        text("Create an incident in Sentry: https://world-wide-services.sentry.io"),
        text("Notify the development team and attach this report"),
    ),
)
