"""Causes in the demand."""

from __future__ import annotations

from diagnostics.causes.rule import OVERFLOW, QUEUE_SYMPTOMS, Rule, Sign
from diagnostics.text import text

RULES = (
    Rule(
        id="traffic.surge",
        title=text("More jobs arrive than the worker's slots can take"),
        runbook=OVERFLOW,
        branch="2.A1, 2.A3",
        needs=(Sign("worker.capacity", ("full",), 0.75),),
        supports=(
            Sign("queue.depth", ("warning", "critical"), 0.3),
            Sign("queue.progress", ("flowing",), 0.3),
        ),
        against=(Sign("jobs.failures", ("failing",), 0.3), Sign("jobs.duration", ("slow_all",), 0.5)),
        explains=QUEUE_SYMPTOMS,
        remediations=("set-job-concurrency", "set-replicas"),
        steps=(
            text(
                "Raise JOB_CONCURRENCY from 25 to 50 (Railway → Variables), or replicas from 2 to 3-4 "
                "(Settings → Scaling), "
                "once no rate limit and no slow dependency is in the way."
            ),
            text("Verify: the number of waiting jobs falls."),
        ),
    ),
    Rule(
        id="traffic.burst",
        title=text("Many jobs came at once; all slots are at work and the backlog falls"),
        runbook=OVERFLOW,
        branch="2.A1",
        needs=(Sign("worker.capacity", ("recovering",), 0.7),),
        supports=(Sign("queue.drain", ("draining",), 0.3), Sign("queue.progress", ("flowing",), 0.2)),
        against=(
            Sign("jobs.failures", ("failing",), 0.3),
            Sign("jobs.duration", ("slow_all",), 0.5),
            Sign("jobs.duration", ("blind",), 0.45),
            Sign("queue.drain", ("growing",), 0.4),
        ),
        explains=QUEUE_SYMPTOMS,
        remediations=("set-job-concurrency", "set-replicas"),
        steps=(
            text("Wait, if the time below is acceptable: a restart for new settings interrupts the jobs that run."),
            text("Find out which producer added so many at once, and whether it will again."),
            text("Verify: the number of waiting jobs falls."),
        ),
    ),
)
