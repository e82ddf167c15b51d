"""Causes in Redis and on the way to it."""

from __future__ import annotations

from diagnostics.causes.rule import INCIDENT, OVERFLOW, QUEUE_SYMPTOMS, SITE_SYMPTOMS, Rule, Sign
from diagnostics.text import text

_EXPLAINS = (
    "worker.health",
    "worker.redis",
    "worker.errors",
    "redis.connection",
    "variables.hosts",
    "frontend.redis",
    *SITE_SYMPTOMS,
    *QUEUE_SYMPTOMS,
)
_MASKS = (
    "worker.down",
    "worker.not_consuming",
    "worker.handlers_hung",
    "worker.event_loop_blocked",
    "redis.unreachable",
    "worker.environment_foreign",
    "frontend.bad_release",
    "frontend.credentials_rejected",
    "frontend.stale_connection",
)

RULES = (
    Rule(
        id="redis.name_unresolved",
        title=text("The Redis host name in the worker's variables does not resolve"),
        runbook=INCIDENT,
        branch="1.A1",
        needs=(Sign("worker.redis", ("name_unresolved",), 0.85), Sign("worker.redis", ("name_temporary",), 0.2)),
        supports=(
            Sign("worker.errors", ("name_unresolved",), 0.5),
            Sign("worker.environment", ("host_differs", "malformed"), 0.5),
            Sign("variables.hosts", ("outside",), 0.5),
            Sign("worker.health", ("silent",), 0.3),
        ),
        explains=_EXPLAINS,
        masks=_MASKS,
        remediations=("set-worker-variable", "restart-worker", "open-upstash-console"),
        steps=(
            text(
                "Compare the host in UPSTASH_REDIS_REST_URL on Railway (Worker Service → Variables) with "
                "the one in the "
                "Upstash console. Correct the variable; Railway restarts the worker by itself."
            ),
            text(
                "If both are equal, the database may be deleted or the resolver at fault: look at the Upstash status."
            ),
            text("Verify: /health answers 200 and the completed count of /metrics rises."),
        ),
    ),
    Rule(
        id="redis.name_flapping",
        title=text("The worker's host cannot look up names for the moment; the name of Redis is right"),
        runbook=INCIDENT,
        branch="1.A2",
        needs=(Sign("worker.redis", ("name_temporary",), 0.75),),
        supports=(
            Sign("worker.errors", ("name_temporary",), 0.3),
            Sign("redis.connection", ("reachable",), 0.3),
        ),
        against=(Sign("worker.environment", ("host_differs", "malformed"), 0.5),),
        explains=_EXPLAINS,
        masks=_MASKS,
        remediations=("open-railway-deployments", "notify-team"),
        steps=(
            text("Do not change variables: the same name resolves elsewhere. Look at https://status.railway.com."),
            text("Wait two minutes: the worker tries again by itself. Then redeploy once, in place."),
            text("Verify: /health answers 200 and the completed count of /metrics rises."),
        ),
    ),
    Rule(
        id="redis.auth_timeout",
        title=text("Upstash could not check the worker's token in time; the token is most likely right"),
        runbook=INCIDENT,
        branch="1.A2",
        needs=(
            Sign("worker.redis", ("auth_timed_out",), 0.4),
            Sign("worker.token", ("valid",), 0.8),
            Sign("worker.token", ("young",), 0.5),
        ),
        supports=(Sign("redis.connection", ("reachable",), 0.2),),
        against=(Sign("worker.token", ("lasting",), 0.5),),
        explains=("worker.token", *_EXPLAINS),
        masks=_MASKS,
        remediations=("open-upstash-status",),
        steps=(
            text(
                "Confirm the token before anything is changed: PING by REST with the value on Railway. "
                "PONG means that it is right."
            ),
            text("Then wait two minutes: the worker tries again by itself. Do not rotate the token."),
            text("Verify: /health answers 200 by itself; if not after two minutes, run again."),
        ),
    ),
    Rule(
        id="redis.credentials_rejected",
        title=text("Redis refuses the worker's token"),
        runbook=INCIDENT,
        branch="1.A1",
        needs=(
            Sign("worker.redis", ("credentials_rejected",), 0.85),
            Sign("worker.token", ("lasting",), 0.6),
            Sign("worker.redis", ("auth_timed_out",), 0.2),
        ),
        supports=(
            Sign("worker.errors", ("credentials_rejected",), 0.5),
            Sign("redis.connection", ("reachable",), 0.4),
            Sign("worker.health", ("degraded",), 0.3),
        ),
        against=(Sign("worker.token", ("young", "valid"), 0.6), Sign("worker.token", ("unsure",), 0.4)),
        explains=("worker.token", *_EXPLAINS),
        masks=_MASKS,
        remediations=("set-worker-variable", "restart-worker", "open-upstash-console"),
        steps=(
            text(
                "Copy the current token from the Upstash console BEFORE anything is reset there. Put it into "
                "UPSTASH_REDIS_REST_TOKEN on Railway (Worker Service → Variables); Railway restarts the "
                "worker by itself."
            ),
            text("Put the same token wherever it is used too: Vercel and the API service."),
            text(
                "If the token there is already the current one, wait two minutes: Upstash words a timeout "
                "the same way. "
                "Do not rotate it."
            ),
            text("Verify: /health answers 200 and the completed count of /metrics rises."),
        ),
    ),
    Rule(
        id="redis.quota_exhausted",
        title=text("The Redis plan's request limit is reached"),
        runbook=INCIDENT,
        branch="1.A2",
        needs=(
            Sign("worker.redis", ("quota_exhausted",), 0.8),
            Sign("redis.connection", ("quota_exhausted",), 0.8),
            Sign("worker.errors", ("quota_exhausted",), 0.6),
            Sign("redis.plan", ("quota_exhausted",), 0.7),
            Sign("frontend.redis", ("quota_exhausted",), 0.6),
        ),
        explains=("redis.plan", *_EXPLAINS),
        masks=_MASKS,
        remediations=("open-upstash-console", "notify-team"),
        steps=(
            text("Open the Upstash console → the database → Usage, and raise the plan or its budget."),
            text("Do not restart the worker: it would only spend more requests."),
            text("Verify: /health answers 200 and the completed count of /metrics rises."),
        ),
    ),
    Rule(
        id="redis.quota_near",
        title=text("The Redis plan's request limit is nearly reached"),
        runbook=INCIDENT,
        branch="1.A2",
        needs=(Sign("redis.plan", ("quota_near",), 0.7),),
        explains=("redis.plan",),
        remediations=("open-upstash-console", "notify-team"),
        steps=(
            text("Raise the plan or its budget in the Upstash console before it is reached: then every command fails."),
            text("Find who spends it: a worker that polls, a monitor that samples too often, a release that loops."),
            text("Verify: Upstash console → the database → Usage."),
        ),
    ),
    Rule(
        id="redis.memory_full",
        title=text("Redis is out of memory and refuses writes"),
        runbook=OVERFLOW,
        branch="2.A2",
        needs=(
            Sign("redis.memory", ("full",), 0.8),
            Sign("redis.plan", ("memory_full",), 0.6),
            Sign("worker.errors", ("out_of_memory",), 0.7),
            Sign("worker.redis", ("out_of_memory",), 0.7),
            Sign("jobs.reason", ("out_of_memory",), 0.6),
        ),
        explains=("redis.memory", "redis.plan", "jobs.failures", "jobs.reason", *_EXPLAINS),
        masks=(*_MASKS, "worker.out_of_memory"),
        remediations=("open-upstash-console", "notify-team"),
        steps=(
            text("Raise the plan's memory in the Upstash console, or remove finished jobs, completed ones first."),
            text("Never use FLUSHALL or FLUSHDB: they delete the waiting jobs."),
            text("Verify: new jobs are accepted and the completed count rises."),
        ),
    ),
    Rule(
        id="redis.unreachable",
        title=text("Redis is down or cannot be reached over the network"),
        runbook=INCIDENT,
        branch="1.A2",
        needs=(
            Sign("worker.redis", ("refused", "timed_out", "reset", "other"), 0.7),
            Sign("redis.connection", ("unreachable",), 0.7),
            Sign("redis.plan", ("suspended",), 0.7),
            Sign("frontend.health", ("silent", "timed_out"), 0.55),
        ),
        supports=(
            Sign("worker.errors", ("refused", "timed_out", "reset"), 0.4),
            Sign("worker.health", ("silent",), 0.3),
            Sign("frontend.redis", ("connection_closed",), 0.2),
        ),
        against=(
            Sign("redis.connection", ("reachable",), 0.3),
            Sign("frontend.database_service", ("silent",), 0.6),
        ),
        explains=("redis.plan", *_EXPLAINS),
        masks=tuple(m for m in _MASKS if m != "redis.unreachable"),
        remediations=("open-upstash-console", "open-upstash-status", "notify-team"),
        steps=(
            text(
                "Open the Upstash console and https://status.upstash.com: is the database active, is there an incident?"
            ),
            text(
                "Suspended: reactivate it there. An incident: wait for its end. Neither: redis.connection says whether "
                "it answers from here; if so, the fault lies between Railway and Upstash, see "
                "https://status.railway.com; if not, open a ticket in the Upstash console."
            ),
            text("Do not redeploy the worker: it reconnects by itself, and Railway gives up after ten restarts."),
            text("Verify: /health answers 200 by itself once Redis is back."),
        ),
    ),
)
