"""Causes in the worker: its release, its settings, its process."""

from __future__ import annotations

from diagnostics.causes.rule import INCIDENT, OVERFLOW, QUEUE_SYMPTOMS, WORKER_GONE, Rule, Sign
from diagnostics.text import text

_REDIS_LOST = (
    "name_unresolved",
    "name_temporary",
    "credentials_rejected",
    "auth_timed_out",
    "quota_exhausted",
    "refused",
    "timed_out",
    "reset",
    "other",
)
_GONE = Sign("worker.health", ("edge_error", "not_found"), 0.5)

RULES = (
    Rule(
        id="worker.environment_invalid",
        title=text("The worker refuses to start: an environment variable is missing or malformed"),
        runbook=INCIDENT,
        branch="1.A1",
        needs=(
            Sign("worker.errors", ("environment_invalid",), 0.85),
            Sign("worker.environment", ("malformed",), 0.6),
        ),
        supports=(
            _GONE,
            Sign("worker.deployment", ("crashed",), 0.4),
            Sign("worker.restarts", ("crashing",), 0.3),
        ),
        against=(Sign("worker.health", ("ok",), 0.7),),
        explains=("worker.environment", *WORKER_GONE),
        masks=("worker.down", "worker.crash_loop", "worker.not_consuming", "worker.out_of_memory"),
        remediations=("set-worker-variable", "redeploy-worker"),
        steps=(
            text(
                "Read the variable's name in the log line 'Environment validation error', correct it on Railway "
                "(Worker Service → Variables); Railway redeploys by itself."
            ),
            text("Redis is not at fault here: leave its variables alone."),
            text("Verify: the newest deployment is SUCCESS and /health answers 200."),
        ),
    ),
    Rule(
        id="worker.crash_loop",
        title=text("The worker's release cannot start and crashes again and again"),
        runbook=INCIDENT,
        branch="1.B1",
        needs=(
            Sign("worker.errors", ("module_missing", "queue_name_illegal"), 0.85),
            Sign("worker.restarts", ("crashing",), 0.6),
        ),
        supports=(_GONE, Sign("worker.deployment", ("crashed",), 0.4)),
        against=(Sign("worker.health", ("ok",), 0.6),),
        explains=WORKER_GONE,
        masks=("worker.down", "worker.not_consuming", "worker.out_of_memory"),
        remediations=("redeploy-worker", "open-railway-deployments"),
        steps=(
            text(
                "Roll back: Railway → Worker Service → Deployments → the last deployment that worked → Redeploy. "
                "Variables are not at fault."
            ),
            text("Verify: the newest deployment is SUCCESS, /health answers 200, the completed count rises."),
            text("Then tell the developers which release it was; its log names the missing module or the bad name."),
        ),
    ),
    Rule(
        id="worker.out_of_memory",
        title=text("The worker is killed again and again, most likely for its memory"),
        runbook=INCIDENT,
        branch="1.B1",
        needs=(Sign("worker.restarts", ("killed",), 0.75), Sign("worker.errors", ("heap_full",), 0.75)),
        supports=(
            Sign("worker.deployment", ("crashed", "short"), 0.3),
            Sign("queue.stalled", ("stalled",), 0.2),
            Sign("worker.errors", ("stalled",), 0.2),
            Sign("worker.concurrency", ("raised",), 0.2),
        ),
        explains=("jobs.duration", *WORKER_GONE),
        masks=("worker.down", "worker.not_consuming", "worker.handlers_hung", "worker.event_loop_blocked"),
        remediations=("set-job-concurrency", "set-replicas"),
        steps=(
            text(
                "If JOB_CONCURRENCY was raised, roll the value back; else lower it (for example to 10) on Railway → "
                "Variables. Add replicas for the same work. Raising concurrency would kill it sooner."
            ),
            text("Look at Railway → Worker Service → Metrics → Memory: does it saw-tooth up to the limit?"),
            text("Verify: no new start in the log for ten minutes, and the completed count rises."),
        ),
    ),
    Rule(
        id="worker.down",
        title=text("No replica of the worker is running"),
        runbook=INCIDENT,
        branch="1.A3",
        needs=(
            Sign("worker.deployment", ("stopped", "crashed", "failed"), 0.75),
            Sign("worker.health", ("edge_error", "not_found"), 0.6),
        ),
        against=(Sign("worker.health", ("ok", "degraded"), 0.8),),
        explains=WORKER_GONE,
        masks=("worker.not_consuming",),
        remediations=("redeploy-worker", "restart-worker"),
        steps=(
            text(
                "Railway → Worker Service → Deployments: was it stopped or removed by a person? If yes, ask why, then "
                "press Redeploy on the last deployment that worked."
            ),
            text("If it crashed, read the last log lines before you redeploy: the ten automatic restarts are used up."),
            text("Verify: /health answers 200 and the completed count of /metrics rises."),
        ),
    ),
    Rule(
        id="worker.event_loop_blocked",
        title=text("A job keeps the worker's event loop busy, so it neither answers nor renews its locks"),
        runbook=INCIDENT,
        branch="1.B1",
        needs=(
            Sign("worker.endpoints", ("both_silent",), 0.7),
            Sign("worker.endpoints", ("partly_silent",), 0.55),
            Sign("worker.errors", ("lock_lost",), 0.5),
        ),
        supports=(
            Sign("queue.stalled", ("stalled",), 0.4),
            Sign("worker.errors", ("lock_lost", "stalled"), 0.4),
            Sign("worker.deployment", ("running",), 0.2),
        ),
        against=(
            Sign("worker.health", ("ok",), 0.5),
            Sign("worker.redis", _REDIS_LOST, 0.4),
            # Two systems that hang at once have something else in common.
            Sign("frontend.site", ("silent",), 0.4),
        ),
        explains=(
            "worker.health",
            "worker.redis",
            "worker.endpoints",
            "worker.errors",
            "jobs.duration",
            *QUEUE_SYMPTOMS,
        ),
        masks=("worker.not_consuming", "worker.handlers_hung", "redis.unreachable"),
        remediations=("set-job-concurrency", "set-replicas", "restart-worker"),
        steps=(
            text("Note the ids and types of the active jobs first; a restart destroys that evidence."),
            text("Lower JOB_CONCURRENCY and add replicas; restart the worker to free it now."),
            text("Verify: /metrics answers within a second and no new 'stalled' line appears."),
        ),
    ),
    Rule(
        id="worker.stalled_churn",
        title=text("Jobs lose their locks while they run and are begun again, so their effects happen twice"),
        runbook=OVERFLOW,
        branch="2.A2",
        needs=(Sign("queue.churn", ("churning",), 0.75),),
        supports=(
            Sign("worker.errors", ("lock_lost", "stalled"), 0.4),
            Sign("queue.stalled", ("stalled",), 0.3),
            Sign("worker.endpoints", ("answers",), 0.2),
        ),
        against=(
            Sign("worker.endpoints", ("both_silent", "silent", "partly_silent"), 0.6),
            Sign("worker.restarts", ("killed", "crashing"), 0.6),
        ),
        explains=("worker.errors", "jobs.failures", "jobs.reason", *QUEUE_SYMPTOMS),
        masks=(
            "worker.event_loop_blocked",
            "worker.not_consuming",
            "worker.handlers_hung",
            "worker.concurrency_too_low",
            "traffic.surge",
            "traffic.burst",
            "jobs.poison_type",
            "monitoring.sentry_blind",
        ),
        remediations=("set-job-concurrency", "redeploy-worker"),
        steps=(
            text(
                "Compare the release's lockDuration with the length of its jobs: a lock must be renewed well before it "
                "ends. If a release changed it, roll back."
            ),
            text("Else lower JOB_CONCURRENCY and add replicas: an event loop that is too busy renews too late."),
            text("Verify: no new 'stalled' line appears, and each job is begun once."),
        ),
    ),
    Rule(
        id="worker.handlers_hung",
        title=text("All slots are held by jobs that never end: a handler waits for an answer without a limit"),
        runbook=INCIDENT,
        branch="1.B3",
        needs=(Sign("queue.progress", ("hung",), 0.75),),
        supports=(
            Sign("worker.health", ("ok",), 0.3),
            Sign("openrouter.account", ("openrouter_down", "timed_out"), 0.3),
            Sign("queue.stalled", ("locked",), 0.2),
        ),
        against=(
            Sign("worker.health", ("edge_error", "not_found"), 0.8),
            Sign("worker.redis", _REDIS_LOST, 0.7),
        ),
        explains=(*QUEUE_SYMPTOMS, "openrouter.account"),
        masks=("worker.not_consuming", "worker.concurrency_too_low", "traffic.surge"),
        remediations=("restart-worker", "notify-team"),
        steps=(
            text("Check the external APIs the jobs call: OpenRouter, Supabase, Kommo. One of them does not answer."),
            text(
                "Note the ids and types of the active jobs, then restart the worker to free the slots. "
                "More concurrency "
                "buys minutes only."
            ),
            text("Verify: the completed count of /metrics rises."),
        ),
    ),
    Rule(
        id="worker.not_consuming",
        title=text("The worker is up and connected but takes no job"),
        runbook=INCIDENT,
        branch="1.A3",
        needs=(Sign("queue.progress", ("stuck",), 0.65),),
        supports=(Sign("worker.health", ("ok",), 0.3), Sign("worker.redis", ("connected",), 0.2)),
        against=(
            Sign("worker.health", ("edge_error", "not_found"), 0.6),
            Sign("worker.redis", _REDIS_LOST, 0.6),
        ),
        explains=QUEUE_SYMPTOMS,
        remediations=("restart-worker", "send-test-job"),
        steps=(
            text("Restart the worker: Railway → Worker Service → Settings → Redeploy."),
            text("Verify: the completed count of /metrics rises within a minute."),
        ),
    ),
    Rule(
        id="worker.concurrency_too_low",
        title=text("The worker takes fewer jobs at once than it usually does, and falls behind"),
        runbook=OVERFLOW,
        branch="2.A1",
        needs=(Sign("worker.capacity", ("concurrency_low",), 0.8),),
        supports=(Sign("queue.depth", ("warning", "critical"), 0.3),),
        explains=QUEUE_SYMPTOMS,
        masks=("traffic.surge",),
        remediations=("set-job-concurrency",),
        steps=(
            text("Set JOB_CONCURRENCY back to 25 on Railway → Variables; Railway restarts the worker by itself."),
            text("Verify: the number of waiting jobs falls."),
        ),
    ),
    Rule(
        id="worker.environment_foreign",
        title=text("An address in the variables is not of the host that the profile expects"),
        runbook=INCIDENT,
        branch="1.A1",
        needs=(Sign("variables.hosts", ("outside",), 0.6),),
        explains=("variables.hosts",),
        remediations=("set-worker-variable", "notify-team"),
        steps=(
            text(
                "Compare the address with the vendor's console: was it changed by mistake, or does the profile expect "
                "an old one? Correct whichever is wrong."
            ),
            text("Verify: run again; the finding variables.hosts is in order."),
        ),
    ),
)
