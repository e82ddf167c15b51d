"""Causes in the queue itself."""

from __future__ import annotations

from diagnostics.causes.rule import INCIDENT, OVERFLOW, QUEUE_SYMPTOMS, Rule, Sign
from diagnostics.text import text

_MASKED_BY_A_BRAKE = (
    "worker.not_consuming",
    "worker.handlers_hung",
    "worker.concurrency_too_low",
    "traffic.surge",
    "traffic.burst",
)

RULES = (
    Rule(
        id="queue.paused",
        title=text("The queue is paused"),
        runbook=INCIDENT,
        branch="1.B1",
        needs=(Sign("queue.paused", ("paused",), 0.95),),
        explains=("queue.paused", *QUEUE_SYMPTOMS),
        masks=("worker.not_consuming", "worker.concurrency_too_low", "traffic.surge"),
        remediations=("resume-queue",),
        steps=(
            text(
                "Ask in the team whether somebody paused it on purpose. If not, resume it in the admin page "
                "or a BullMQ shell."
            ),
            text("Verify: the paused list drains and the completed count rises."),
        ),
    ),
    Rule(
        id="queue.name_mismatch",
        title=text("The worker consumes another queue than the one producers fill"),
        runbook=INCIDENT,
        branch="1.A1",
        needs=(Sign("queue.name", ("mismatch",), 0.9),),
        explains=("queue.name", *QUEUE_SYMPTOMS),
        masks=("worker.not_consuming", "worker.concurrency_too_low", "traffic.surge"),
        remediations=("set-worker-variable",),
        steps=(
            text(
                "Set JOB_QUEUE_NAME on Railway → Variables to the producers' queue name; the worker restarts by itself."
            ),
            text("Verify: /health shows the right queueName and the waiting jobs drain."),
        ),
    ),
    Rule(
        id="queue.redis_mismatch",
        title=text("The worker is connected to another Redis than the one producers fill"),
        runbook=INCIDENT,
        branch="1.A1",
        needs=(Sign("queue.server", ("elsewhere",), 0.85),),
        supports=(Sign("queue.progress", ("stuck",), 0.3),),
        explains=("queue.server", *QUEUE_SYMPTOMS),
        masks=("worker.not_consuming", "worker.concurrency_too_low", "traffic.surge"),
        remediations=("set-worker-variable",),
        steps=(
            text(
                "Compare the host in UPSTASH_REDIS_REST_URL on Railway with the one that the API and Vercel use; "
                "set the same database everywhere. The worker restarts by itself."
            ),
            text("Before that, look whether jobs were left in the other database."),
            text("Verify: the waiting jobs drain and the completed count rises."),
        ),
    ),
    Rule(
        id="queue.delayed_backlog",
        title=text("Many jobs wait for a later attempt"),
        runbook=OVERFLOW,
        branch="2.A2",
        needs=(Sign("queue.delayed", ("backlog",), 0.6),),
        against=(Sign("queue.progress", ("hung", "stuck"), 0.5),),
        explains=("queue.delayed",),
        steps=(
            text("Find out why they were put off (most are retries): see the reason of failure."),
            text("Wait for their time; do not retry them all at once."),
        ),
    ),
    Rule(
        id="queue.prioritized_backlog",
        title=text("Jobs with a priority pile up in a queue that no worker consumes"),
        runbook=OVERFLOW,
        branch="2.A2",
        needs=(Sign("queue.orphans", ("pile",), 0.7),),
        explains=("queue.orphans",),
        steps=(
            text("Find out which producer fills this queue (the frontend does) and whether its jobs are still wanted."),
            text(
                "More concurrency does not help: nobody reads this queue. Move or drop its jobs after a look at them."
            ),
        ),
    ),
    Rule(
        id="queue.orphaned",
        title=text("Producers fill a queue that no worker consumes"),
        runbook=OVERFLOW,
        branch="2.A2",
        needs=(Sign("queue.orphans", ("growing",), 0.8),),
        explains=("queue.orphans",),
        masks=("queue.prioritized_backlog",),
        remediations=("set-worker-variable", "notify-team"),
        steps=(
            text("Find out which producer fills this queue and since when: a new queue name, or a worker taken away."),
            text(
                "Give it a consumer, or point the producer at the worker's queue; scaling the worker does nothing here."
            ),
            text("Verify: something becomes active in that queue and its depth falls."),
        ),
    ),
    Rule(
        id="queue.rate_limited",
        title=text("A rate limit of the queue, not the worker, decides how many jobs are begun"),
        runbook=OVERFLOW,
        branch="2.L2",
        needs=(Sign("queue.limiter", ("limiting",), 0.85),),
        supports=(Sign("queue.depth", ("warning", "critical"), 0.2),),
        explains=("queue.limiter", *QUEUE_SYMPTOMS),
        masks=_MASKED_BY_A_BRAKE,
        remediations=("notify-team",),
        steps=(
            text("Ask who set the limit and for whom: most protect a provider that would answer 429 without it."),
            text("Raise or remove it only if that provider allows more; concurrency and replicas change nothing."),
            text("Verify: the number of waiting jobs falls."),
        ),
    ),
    Rule(
        id="queue.global_limit",
        title=text("The queue itself allows fewer active jobs than the workers have slots"),
        runbook=OVERFLOW,
        branch="2.A1",
        needs=(Sign("queue.concurrency", ("limiting",), 0.85),),
        supports=(Sign("queue.depth", ("warning", "critical"), 0.2),),
        explains=("queue.concurrency", *QUEUE_SYMPTOMS),
        masks=_MASKED_BY_A_BRAKE,
        remediations=("notify-team",),
        steps=(
            text(
                "Ask who set the queue's global concurrency and why; JOB_CONCURRENCY and replicas change nothing here."
            ),
            text("Raise or remove it with setGlobalConcurrency or removeGlobalConcurrency of the queue."),
            text("Verify: more jobs are active at once and the number of waiting jobs falls."),
        ),
    ),
    Rule(
        id="queue.duplicates_refused",
        title=text("New jobs are refused without a word: an ended job still holds their id"),
        runbook=INCIDENT,
        branch="1.B1",
        needs=(Sign("queue.refusals", ("blocked",), 0.85),),
        explains=("queue.refusals",),
        remediations=("retry-failed-jobs", "notify-team"),
        steps=(
            text("Look at the job that holds the id: retry it if it failed, else remove it and add it again."),
            text("Let fixed ids end with their job (removeOnComplete, removeOnFail), or use a new id each time."),
            text("Verify: the next request adds a job, and no new 'duplicated' step appears."),
        ),
    ),
    Rule(
        id="queue.failed_pile",
        title=text("Failed jobs of the past pile up; nobody retried or removed them"),
        runbook=OVERFLOW,
        branch="2.A2",
        needs=(Sign("queue.failed", ("pile",), 0.65), Sign("queue.dead_letters", ("pile",), 0.65)),
        against=(Sign("jobs.failures", ("failing",), 0.4), Sign("queue.progress", ("hung", "stuck"), 0.4)),
        explains=("queue.failed", "queue.dead_letters"),
        remediations=("retry-failed-jobs", "park-failed-jobs", "retry-dead-letters"),
        steps=(
            text("Find out when and why they failed; the old script shows 0 here whatever there is."),
            text("Once the reason is gone, retry them in small batches; park what nobody needs."),
            text("Verify: the failed count falls and no new failures appear."),
        ),
    ),
    Rule(
        id="queue.dead_letters_unfiled",
        title=text("Jobs that failed for good are kept as plain keys only, which vanish after seven days"),
        runbook=OVERFLOW,
        branch="2.A2",
        needs=(Sign("queue.dead_letters", ("unfiled",), 0.75),),
        explains=("queue.dead_letters",),
        remediations=("retry-dead-letters", "notify-team"),
        steps=(
            text("Save the keys dlq:fallback:* before their seven days are over: nothing else knows these jobs."),
            text("Read why the dead-letter queue refused them in the worker's log: 'Failed to move job to DLQ'."),
            text("Verify: no new key appears, and the jobs were added again."),
        ),
    ),
)
