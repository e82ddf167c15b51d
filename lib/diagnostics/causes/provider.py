"""Causes at a vendor: its status page tells of an outage, and symptoms of our own agree.

Neither is enough: a page is loud about regions and products that are not ours, and green for the first half hour.
"""

from __future__ import annotations

from diagnostics.causes.rule import (
    DATABASE,
    ERRORS,
    FRONTEND,
    INCIDENT,
    QUEUE_SYMPTOMS,
    SITE_SYMPTOMS,
    WORKER_GONE,
    Rule,
    Sign,
)
from diagnostics.text import Text, text

_JOBS = ("jobs.failures", "jobs.reason", "queue.delayed")
_WAIT = text(
    "Wait, and follow the page: what we change now is one more thing to undo. Say so to those who ask, with the page."
)


def _outage(
    vendor: str,
    title: Text,
    *steps: Text,
    runbook: str,
    branch: str,
    symptoms: tuple[Sign, ...],
    against: tuple[Sign, ...] = (),
    explains: tuple[str, ...],
    masks: tuple[str, ...],
) -> Rule:
    page = f"provider.{vendor}"
    return Rule(
        id=f"provider.{vendor}_outage",
        title=title,
        runbook=runbook,
        branch=branch,
        needs=(
            Sign(page, ("critical",), 0.8),
            Sign(page, ("major",), 0.7),
            Sign(page, ("incident",), 0.5),
            Sign(page, ("minor",), 0.3),
        ),
        only_with=symptoms,
        supports=symptoms,
        against=against,
        explains=explains,
        masks=masks,
        remediations=(f"open-{vendor}-status", "notify-team"),
        steps=(*steps, _WAIT, text("Verify on our own symptom, not on the page: pages turn green late.")),
    )


RULES = (
    _outage(
        "openrouter",
        text("OpenRouter has an outage, by its own page too; jobs that need it fail"),
        text("Leave key, concurrency and worker alone. Delayed jobs come back by themselves."),
        runbook=INCIDENT,
        branch="1.B3",
        symptoms=(
            Sign("openrouter.account", ("openrouter_down", "timed_out"), 0.5),
            Sign("jobs.reason", ("openrouter_down",), 0.4),
        ),
        explains=("openrouter.account", *_JOBS, *QUEUE_SYMPTOMS),
        masks=(
            "openrouter.down",
            "worker.handlers_hung",
            "jobs.poison_type",
            "queue.delayed_backlog",
            "errors.transient_upstream",
        ),
    ),
    _outage(
        "upstash",
        text("Upstash has an outage, by its own page too; Redis is out of reach"),
        text("Leave variables and worker alone: it reconnects by itself, and Railway gives up after ten restarts."),
        runbook=INCIDENT,
        branch="1.A2",
        symptoms=(
            Sign("redis.connection", ("unreachable",), 0.5),
            Sign("worker.redis", ("refused", "timed_out", "reset", "auth_timed_out", "name_temporary"), 0.4),
        ),
        against=(Sign("redis.connection", ("reachable", "quota_exhausted"), 0.5),),
        explains=(
            "worker.health",
            "worker.redis",
            "worker.errors",
            "worker.token",
            "redis.connection",
            *QUEUE_SYMPTOMS,
        ),
        masks=(
            "redis.unreachable",
            "redis.name_flapping",
            "redis.auth_timeout",
            "worker.down",
            "worker.not_consuming",
            "worker.handlers_hung",
            "worker.event_loop_blocked",
        ),
    ),
    _outage(
        "railway",
        text("Railway has an outage, by its own page too; the worker is not there"),
        text("Do not redeploy: a build may hang, and the ten automatic restarts are soon used up."),
        runbook=INCIDENT,
        branch="1.E1",
        symptoms=(
            Sign("worker.health", ("edge_error", "not_found"), 0.5),
            Sign("worker.deployment", ("crashed", "failed"), 0.2),
            Sign("worker.redis", ("name_temporary",), 0.3),
        ),
        against=(
            Sign("worker.errors", ("environment_invalid", "module_missing", "queue_name_illegal", "heap_full"), 0.7),
            Sign("worker.deployment", ("stopped",), 0.5),
            Sign("worker.restarts", ("killed",), 0.5),
        ),
        explains=(*WORKER_GONE, "worker.redis", "worker.endpoints"),
        masks=("worker.down", "worker.crash_loop", "worker.not_consuming", "redis.name_flapping"),
    ),
    _outage(
        "supabase",
        text("Supabase has an outage, by its own page too; what needs the database fails"),
        text("Do not restart the project, do not restore a backup: both take longer than most outages."),
        runbook=DATABASE,
        branch="4.D2",
        symptoms=(
            Sign("database.reachable", ("down", "unreachable", "starting", "rest_down", "rest_silent"), 0.5),
            Sign("jobs.reason", ("database_down", "database_timeout"), 0.4),
        ),
        against=(Sign("database.reachable", ("paused", "removed", "quota_exceeded"), 0.6),),
        explains=(
            "database.reachable",
            "database.project",
            "database.connections",
            "database.log",
            "database.impact",
            "frontend.database",
            "frontend.database_service",
            "jobs.duration",
            *_JOBS,
            *SITE_SYMPTOMS,
            *QUEUE_SYMPTOMS,
        ),
        masks=(
            "database.down",
            "database.slow_queries",
            "jobs.poison_type",
            "queue.delayed_backlog",
            "errors.transient_upstream",
            "frontend.bad_release",
        ),
    ),
    _outage(
        "vercel",
        text("Vercel has an outage, by its own page too; the site is not served"),
        text("Do not redeploy and do not roll back: the release is not at fault, and a build may hang."),
        runbook=FRONTEND,
        branch="3.D2",
        symptoms=(
            Sign("frontend.site", ("edge",), 0.5),
            Sign("frontend.site", ("dns", "tcp", "tls", "silent", "function"), 0.3),
        ),
        against=(
            Sign("frontend.deployment", ("recent",), 0.3),
            Sign("frontend.environment", ("missing", "missing_public"), 0.5),
            Sign("frontend.availability", ("variable_missing", "database"), 0.7),
        ),
        explains=SITE_SYMPTOMS,
        masks=("frontend.bad_release", "frontend.alias_missing", "frontend.stale_connection"),
    ),
    _outage(
        "sentry",
        text("Sentry has an outage, by its own page too; errors are not recorded"),
        text("Read the logs instead, on Railway and Vercel: what happens meanwhile is in no issue afterwards."),
        runbook=ERRORS,
        branch="5.D1",
        symptoms=(Sign("errors.silence", ("dropped", "deaf_frontend", "deaf_worker"), 0.4),),
        explains=("errors.silence",),
        masks=("monitoring.sentry_blind",),
    ),
)
