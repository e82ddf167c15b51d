"""Causes in the database: seen in itself where we may look, else by those who use it, the jobs."""

from __future__ import annotations

from diagnostics.causes.rule import DATABASE, QUEUE_SYMPTOMS, SITE_SYMPTOMS, Rule, Sign
from diagnostics.text import text

_SITE = (*SITE_SYMPTOMS, "frontend.database", "frontend.database_service")
_FAILURES = ("jobs.failures", "jobs.reason", "queue.delayed", "database.impact", *_SITE)
_BUSY_SLOTS = ("worker.concurrency_too_low", "traffic.surge", "traffic.burst")
_JOBS = ("jobs.poison_type", "queue.delayed_backlog")
_SITE_OUT = ("frontend_rejected", "frontend_refused")
_KEYS_OUT = ("service_rejected", "both_rejected", "worker_rejected", "anon_rejected", *_SITE_OUT)
_FAILING = Sign("jobs.failures", ("failing",), 0.2)
_LOAD = ("database.connections", "database.locks", "database.slow", "jobs.duration", "database.reachable")
_EVERYTHING = (*_FAILURES, *QUEUE_SYMPTOMS, *_LOAD, "database.project", "database.keys", "database.schema")
_SYSTEM = ("database.down", "database.credentials_rejected", "database.schema_missing", "database.policy_denies")
_OTHERS = (*_SYSTEM, "database.pool_exhausted", "database.slots_full", "database.slow_queries", *_JOBS, *_BUSY_SLOTS)
"""What a database that is not there at all looks like besides."""
_BUSY_WORKER = (
    Sign("worker.endpoints", ("both_silent", "silent", "partly_silent"), 0.7),
    Sign("worker.restarts", ("killed", "crashing"), 0.7),
    Sign("worker.errors", ("stalled", "lock_lost", "timed_out", "reset"), 0.5),
)
_LOWER = text(
    "Lower JOB_CONCURRENCY (for example from 25 to 10) on Railway → Variables. Do not raise it: more jobs at once "
    "take more connections and make it worse."
)


def _site(states: tuple[str, ...], weight: float) -> tuple[Sign, Sign]:
    """The site's own word: with the anon key, and with the service-role key."""
    return Sign("frontend.database", states, weight), Sign("frontend.database_service", states, weight)


RULES = (
    Rule(
        id="database.paused",
        title=text("The database's project is paused or removed; nothing is served"),
        runbook=DATABASE,
        branch="4.D2",
        needs=(
            Sign("database.reachable", ("paused", "removed"), 0.85),
            Sign("database.project", ("paused", "removed"), 0.85),
            Sign("jobs.reason", ("database_paused",), 0.8),
            *_site(("web_page",), 0.6),
        ),
        supports=(_FAILING,),
        against=(Sign("database.reachable", ("answers",), 0.7),),
        explains=_EVERYTHING,
        masks=_OTHERS,
        remediations=("restore-database", "open-supabase-project", "notify-team"),
        steps=(
            text(
                "Open the project in Supabase: why is it paused (inactivity, billing, a person)? Then press Restore; "
                "it takes minutes."
            ),
            text("Leave the worker alone: jobs come back by their retries. Note those that used them up."),
            text(
                "Verify: the project is ACTIVE_HEALTHY and the REST interface answers; "
                "then retry failed jobs still kept."
            ),
        ),
    ),
    Rule(
        id="database.quota_exceeded",
        title=text("Supabase restricts the project: a limit of its plan is exceeded"),
        runbook=DATABASE,
        branch="4.B1",
        needs=(
            Sign("database.reachable", ("quota_exceeded",), 0.85),
            Sign("jobs.reason", ("database_quota",), 0.8),
        ),
        supports=(_FAILING,),
        explains=_EVERYTHING,
        masks=_OTHERS,
        remediations=("open-supabase-usage", "open-supabase-plan", "notify-team"),
        steps=(
            text("Open Supabase → Usage: which limit is exceeded? Raise the plan, or pay what is overdue."),
            text("Verify: the REST interface answers without 402; then retry failed jobs still kept."),
        ),
    ),
    Rule(
        id="database.down",
        title=text("The database does not answer; jobs that need it fail"),
        runbook=DATABASE,
        branch="4.D2",
        needs=(
            Sign("jobs.reason", ("database_down",), 0.85),
            Sign("database.reachable", ("down", "starting", "unreachable", "rest_down"), 0.85),
            Sign("database.project", ("unhealthy", "changing"), 0.6),
            *_site(("restarting", "unreachable"), 0.5),
        ),
        supports=(_FAILING,),
        against=(Sign("database.reachable", ("answers",), 0.35),),
        explains=_EVERYTHING,
        masks=("database.pool_exhausted", "database.credentials_rejected", *_JOBS, *_BUSY_SLOTS),
        remediations=("open-supabase-project", "restore-database", "notify-team"),
        steps=(
            text("Open the project in Supabase: is it paused, restarting, or out of disk? Resume it there."),
            text("Leave the worker alone: jobs come back by their retries. Note those that used them up."),
            text("Verify: the database answers and the failed share falls; then retry failed jobs still kept."),
        ),
    ),
    Rule(
        id="database.read_only",
        title=text("The database accepts no writes: it is in read-only mode"),
        runbook=DATABASE,
        branch="4.B1",
        needs=(
            Sign("database.storage", ("read_only",), 0.85),
            Sign("database.project", ("read_only",), 0.8),
            Sign("jobs.reason", ("database_read_only",), 0.8),
        ),
        supports=(_FAILING, Sign("database.storage", ("full",), 0.4)),
        explains=(*_FAILURES, *QUEUE_SYMPTOMS, "database.storage", "database.project"),
        masks=("database.storage_full", *_JOBS, *_BUSY_SLOTS),
        remediations=("open-supabase-usage", "open-supabase-plan", "notify-team"),
        steps=(
            text(
                "Look at the disk in Supabase → Usage. If it is full, enlarge it or delete what is not needed; only "
                "then switch read-only mode off (Settings → Database)."
            ),
            text("Verify: no new line 'read-only transaction' (25006); then retry failed jobs still kept."),
        ),
    ),
    Rule(
        id="database.storage_full",
        title=text("The database's disk is nearly full; at 95 per cent it becomes read-only"),
        runbook=DATABASE,
        branch="4.B1",
        needs=(Sign("database.storage", ("full",), 0.75),),
        explains=("database.storage",),
        remediations=("open-supabase-usage", "open-supabase-plan", "notify-team"),
        steps=(
            text("Enlarge the disk or delete what is not needed: Supabase → Usage shows the largest tables."),
            text("Verify: the used share of the disk is below 85 per cent."),
        ),
    ),
    Rule(
        id="database.credentials_rejected",
        title=text("The database refuses a key: rotated, or of another project"),
        runbook=DATABASE,
        branch="4.A1",
        needs=(
            Sign("database.keys", _KEYS_OUT, 0.85),
            Sign("jobs.reason", ("database_key",), 0.85),
            *_site(("key_rejected",), 0.8),
        ),
        supports=(_FAILING,),
        explains=(*_FAILURES, *QUEUE_SYMPTOMS, "database.keys"),
        masks=(*_JOBS, *_BUSY_SLOTS),
        remediations=("set-worker-variable", "set-frontend-variable", "open-supabase-keys", "notify-team"),
        steps=(
            text(
                "Read in the finding database.keys which key is refused and for whom. Copy it from Supabase → Settings "
                "→ API Keys into that side's variables: Railway for the worker, Vercel for the frontend."
            ),
            text("NEXT_PUBLIC variables are baked in: after a change on Vercel, redeploy without the build cache."),
            text(
                "Verify: the REST interface accepts both keys, the failed share falls; "
                "then retry failed jobs still kept."
            ),
        ),
    ),
    Rule(
        id="database.schema_missing",
        title=text("A table or column that the release needs is not in the database, or its API does not know it"),
        runbook=DATABASE,
        branch="4.D3",
        needs=(
            Sign("jobs.reason", ("database_schema",), 0.85),
            *_site(("schema",), 0.7),
            Sign("database.schema", ("missing",), 0.85),
            Sign("database.schema", ("stale_cache",), 0.75),
        ),
        supports=(_FAILING,),
        explains=(*_FAILURES, "database.schema", "database.policy"),
        masks=("database.policy_denies", *_JOBS),
        remediations=("reload-schema-cache", "notify-team"),
        steps=(
            text("Apply the migration that creates it; if it is there, reload the schema cache of the REST API."),
            text("Verify: no new line PGRST204 or PGRST205; then retry failed jobs still kept."),
        ),
    ),
    Rule(
        id="database.policy_denies",
        title=text("A grant or a row-level policy denies what the release does"),
        runbook=DATABASE,
        branch="4.D3",
        needs=(
            Sign("database.policy", ("service_denied", "policy_broken"), 0.85),
            Sign("database.policy", ("anon_denied", "others_denied"), 0.7),
            Sign("jobs.reason", ("database_denied",), 0.8),
            *_site(("policy", "permission"), 0.7),
        ),
        supports=(_FAILING, Sign("database.log", ("database_denied",), 0.2)),
        explains=(*_FAILURES, "database.policy"),
        masks=_JOBS,
        remediations=("notify-team", "open-supabase-project"),
        steps=(
            text(
                "Find the migration that changed the grant or the policy of the named table, and restore it: "
                "this is no outage, restarts do not help."
            ),
            text("Verify: no new 42501 or 42P17, and the failed share falls; then retry failed jobs still kept."),
        ),
    ),
    Rule(
        id="database.pool_exhausted",
        title=text("The REST interface's connection pool is used up; requests wait for a connection and fail"),
        runbook=DATABASE,
        branch="4.B1",
        needs=(
            Sign("database.connections", ("pool_exhausted",), 0.75),
            Sign("database.reachable", ("rest_silent",), 0.6),
            Sign("jobs.reason", ("database_pool",), 0.75),
            *_site(("pool",), 0.7),
        ),
        supports=(_FAILING, Sign("worker.concurrency", ("raised",), 0.3)),
        # Who else uses the interface gets through: it is we who waited.
        against=(Sign("database.impact", ("none",), 0.4), Sign("frontend.database_service", ("ok",), 0.3)),
        explains=(*_FAILURES, *QUEUE_SYMPTOMS, *_LOAD),
        masks=(*_JOBS, *_BUSY_SLOTS),
        remediations=("set-job-concurrency", "open-supabase-usage", "notify-team"),
        steps=(
            _LOWER,
            text("Find out what holds the connections: long transactions and slow statements first (4.C1)."),
            text("Verify: no new PGRST003, and the failed share falls."),
        ),
    ),
    Rule(
        id="database.slots_full",
        title=text("All connections of the database are taken; it refuses new ones"),
        runbook=DATABASE,
        branch="4.B1",
        needs=(
            Sign("database.connections", ("slots_full",), 0.85),
            Sign("database.reachable", ("slots_full",), 0.6),
            Sign("database.connections", ("crowded",), 0.55),
            Sign("jobs.reason", ("database_slots",), 0.8),
            *_site(("slots",), 0.8),
        ),
        supports=(_FAILING, Sign("database.log", ("database_slots",), 0.3)),
        explains=(*_FAILURES, *QUEUE_SYMPTOMS, *_LOAD, "database.project"),
        masks=("database.down", "database.pool_exhausted", *_JOBS, *_BUSY_SLOTS),
        remediations=("terminate-backend", "set-job-concurrency", "open-supabase-usage", "notify-team"),
        steps=(
            text(
                "Find who opened them: Supabase → Database → Connections, or pg_stat_activity by application. A "
                "migration, a script or a tool that does not close is the usual one; end its sessions."
            ),
            text("Leave JOB_CONCURRENCY alone or lower it: more jobs at once take more connections."),
            text("Verify: no new 53300, and the failed share falls."),
        ),
    ),
    Rule(
        id="database.slow_queries",
        title=text("The database answers slowly; every job that needs it takes longer"),
        runbook=DATABASE,
        branch="4.C1",
        needs=(
            Sign("jobs.duration", ("slow_all",), 0.65),
            Sign("jobs.reason", ("database_timeout",), 0.4),
            Sign("database.slow", ("slow",), 0.7),
            Sign("database.slow", ("one_slow",), 0.35),
            *_site(("statement_timeout",), 0.3),
        ),
        supports=(Sign("database.locks", ("queued",), 0.2), Sign("database.indexes", ("missing",), 0.2)),
        against=(*_BUSY_WORKER, Sign("database.locks", ("held",), 0.6)),
        explains=("jobs.duration", *_FAILURES, *QUEUE_SYMPTOMS, *_LOAD),
        masks=("database.pool_exhausted", *_BUSY_SLOTS),
        remediations=("cancel-backend", "set-job-concurrency", "open-supabase-queries", "open-supabase-replicas"),
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
        needs=(
            Sign("jobs.reason", ("database_timeout",), 0.6),
            Sign("database.locks", ("held",), 0.8),
            Sign("database.locks", ("queued",), 0.3),
            *_site(("statement_timeout",), 0.3),
        ),
        against=(Sign("database.locks", ("none",), 0.15), Sign("database.slow", ("slow", "one_slow"), 0.3)),
        explains=("jobs.duration", *_FAILURES, *QUEUE_SYMPTOMS, *_LOAD),
        masks=("database.pool_exhausted", *_JOBS, *_BUSY_SLOTS),
        remediations=("terminate-backend", "cancel-backend", "notify-team"),
        steps=(
            text(
                "Find who holds the lock, not who waits: select pid, application_name, state, now() - xact_start as "
                "open_for, query from pg_stat_activity where state like 'idle in transaction%' or pid in (select "
                "unnest(pg_blocking_pids(pid)) from pg_stat_activity) order by xact_start. Ask its owner before it is "
                "ended."
            ),
            text("Do not raise JOB_CONCURRENCY: more jobs would wait for one lock."),
            text("Verify: no new 'statement timeout' and the failed share falls."),
        ),
    ),
)
