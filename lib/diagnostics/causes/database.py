"""Causes in the database, as its users feel them: the jobs that need it."""

from __future__ import annotations

from diagnostics.causes.rule import DATABASE, QUEUE_SYMPTOMS, Rule, Sign
from diagnostics.text import text

_FAILURES = ("jobs.failures", "jobs.reason", "queue.delayed")
_BUSY_SLOTS = ("worker.concurrency_too_low", "traffic.surge", "traffic.burst")

RULES = (
    Rule(
        id="database.down",
        title=text("The database does not answer; jobs that need it fail"),
        runbook=DATABASE,
        branch="4.D2",
        needs=(Sign("jobs.reason", ("database_down",), 0.85),),
        supports=(Sign("jobs.failures", ("failing",), 0.2),),
        explains=(*_FAILURES, *QUEUE_SYMPTOMS),
        masks=("jobs.poison_type", "queue.delayed_backlog", *_BUSY_SLOTS),
        remediations=("notify-team",),
        steps=(
            text("Open the project in Supabase: is it paused, restarting, or out of disk? Resume it there."),
            text("Leave the worker alone: jobs come back by their retries. Note those that used them up."),
            text("Verify: the failed share falls; then retry the failed jobs."),
        ),
    ),
    Rule(
        id="database.schema_missing",
        title=text("A table or column that the release needs is not in the database"),
        runbook=DATABASE,
        branch="4.D3",
        needs=(Sign("jobs.reason", ("database_schema",), 0.85),),
        supports=(Sign("jobs.failures", ("failing",), 0.2),),
        explains=_FAILURES,
        masks=("jobs.poison_type", "queue.delayed_backlog"),
        remediations=("notify-team",),
        steps=(
            text("Apply the migration that creates it; if it is there, reload the schema cache of the REST API."),
            text("Verify: no new line PGRST204 or PGRST205; then retry the failed jobs."),
        ),
    ),
    Rule(
        id="database.slow_queries",
        title=text("The database answers slowly; every job that needs it takes longer"),
        runbook=DATABASE,
        branch="4.C1",
        needs=(Sign("jobs.duration", ("slow_all",), 0.65), Sign("jobs.reason", ("database_timeout",), 0.4)),
        against=(
            Sign("worker.endpoints", ("both_silent", "silent", "partly_silent"), 0.7),
            Sign("worker.restarts", ("killed", "crashing"), 0.7),
            Sign("worker.errors", ("stalled", "lock_lost", "timed_out", "reset"), 0.5),
        ),
        explains=("jobs.duration", *_FAILURES, *QUEUE_SYMPTOMS),
        masks=_BUSY_SLOTS,
        remediations=("notify-team",),
        steps=(
            text(
                "Look at Supabase → Query Performance (or pg_stat_activity) for statements that run long now, and what "
                "changed before: a trigger, a missing index, a migration."
            ),
            text("Do not raise JOB_CONCURRENCY: more jobs at once make a slow database slower."),
            text("Verify: jobs take their usual time again and the number of waiting jobs falls."),
        ),
    ),
    Rule(
        id="database.lock_contention",
        title=text("Jobs wait in the database for a lock until their statement is cancelled"),
        runbook=DATABASE,
        branch="4.C1",
        needs=(Sign("jobs.reason", ("database_timeout",), 0.6),),
        explains=("jobs.duration", *_FAILURES, *QUEUE_SYMPTOMS),
        masks=("jobs.poison_type", "queue.delayed_backlog", *_BUSY_SLOTS),
        remediations=("notify-team",),
        steps=(
            text(
                "Find who holds the lock: select pid, state, xact_start, query from pg_stat_activity where pid = "
                "any(pg_blocking_pids(...)); an idle transaction or a migration is the usual holder."
            ),
            text("Ask its owner before it is ended. Do not raise JOB_CONCURRENCY: more jobs would wait for one lock."),
            text("Verify: no new 'statement timeout' and the failed share falls."),
        ),
    ),
)
