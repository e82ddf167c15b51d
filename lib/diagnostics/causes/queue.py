"""Causes in the queue itself."""

from __future__ import annotations

from diagnostics.causes.rule import INCIDENT, OVERFLOW, QUEUE_SYMPTOMS, Rule, Sign
from diagnostics.text import text

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
        title=text("Jobs pile up in a queue that no worker consumes"),
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
)
