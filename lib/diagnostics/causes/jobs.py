"""Causes in the jobs and in what they call."""

from __future__ import annotations

from diagnostics.causes.rule import ERROR_SYMPTOMS, INCIDENT, QUEUE_SYMPTOMS, Rule, Sign
from diagnostics.text import Text, text

_EXPLAINS = ("jobs.failures", "jobs.reason", "openrouter.account", "queue.delayed", "errors.jobs", *ERROR_SYMPTOMS)


def _openrouter(condition: str, title: Text, *steps: Text) -> Rule:
    state = {
        "rate_limited": "openrouter_rate_limited",
        "credentials_rejected": "openrouter_credentials",
        "credit_exhausted": "openrouter_credit",
        "down": "openrouter_down",
    }[condition]
    states = (state, "timed_out") if condition == "down" else (state,)
    return Rule(
        id=f"openrouter.{condition}",
        title=title,
        runbook=INCIDENT,
        branch="1.B3",
        needs=(Sign("jobs.reason", (state,), 0.75), Sign("openrouter.account", states, 0.6)),
        supports=(Sign("jobs.failures", ("failing",), 0.2),),
        explains=(*_EXPLAINS, *(QUEUE_SYMPTOMS if condition == "down" else ())),
        masks=("jobs.poison_type", "queue.delayed_backlog"),
        remediations=(
            *(("set-job-concurrency",) if condition == "rate_limited" else ()),
            "open-openrouter",
            "notify-team",
        ),
        steps=steps,
    )


RULES = (
    Rule(
        id="jobs.handler_missing",
        title=text("Jobs of a type that this worker release has no handler for"),
        runbook=INCIDENT,
        branch="1.B1",
        needs=(Sign("jobs.reason", ("handler_missing",), 0.85),),
        supports=(Sign("jobs.failures", ("failing",), 0.2),),
        explains=_EXPLAINS,
        masks=("jobs.poison_type", "queue.delayed_backlog"),
        remediations=("redeploy-worker", "park-failed-jobs"),
        steps=(
            text(
                "Roll the worker back to the release that still handled this type (Railway → Worker Service → "
                "Deployments → the one before → Redeploy), or stop its producer. The findings name the type."
            ),
            text("Keep the failed jobs and the dead letters: they can be retried after the fix."),
            text("Verify: no new line 'No handler registered' and the failed share falls."),
        ),
    ),
    Rule(
        id="jobs.poison_type",
        title=text("Jobs of one type fail whatever is tried; the others are fine"),
        runbook="queue-overflow",
        branch="2.A2",
        needs=(Sign("jobs.reason", ("one_type",), 0.65), Sign("jobs.reason", ("one_type_unread",), 0.3)),
        supports=(Sign("jobs.failures", ("failing",), 0.2),),
        explains=_EXPLAINS,
        remediations=("park-failed-jobs",),
        steps=(
            text("Read one failure's log lines and stack trace; stop the producer of this type."),
            text("Park its jobs so that they stop taking slots; retry them after the fix."),
        ),
    ),
    Rule(
        id="jobs.kommo_reauthorisation",
        title=text("Kommo refuses a customer's refresh token; only that customer's jobs fail"),
        runbook=INCIDENT,
        branch="1.B3",
        needs=(Sign("jobs.reason", ("kommo_token",), 0.75),),
        explains=_EXPLAINS,
        masks=("jobs.poison_type",),
        remediations=("notify-team",),
        steps=(
            text(
                "This is no incident of the platform: ask the customer to connect Kommo again. Which one it is: "
                "crm_connections whose metadata says sync status 'failed'."
            ),
            text("If every customer is refused, the secret of our own integration is wrong: call the developers."),
            text("Do not retry these jobs before the customer has connected again."),
        ),
    ),
    _openrouter(
        "rate_limited",
        text("OpenRouter limits our rate; jobs that need it fail and retry"),
        text("Lower JOB_CONCURRENCY: more concurrency makes it worse. Look at the limits on openrouter.ai."),
        text("Verify: the failed share falls; delayed jobs come back by themselves."),
    ),
    _openrouter(
        "credentials_rejected",
        text("OpenRouter refuses our key; jobs that need it fail"),
        text("Put a valid key into OPENROUTER_API_KEY on Railway → Variables; the worker restarts by itself."),
        text("Verify: the failed share falls; then retry failed jobs still kept."),
    ),
    _openrouter(
        "credit_exhausted",
        text("Our OpenRouter credit is used up; jobs that need it fail"),
        text("Add credit on openrouter.ai → Settings → Credits. A restart does not help."),
        text("Verify: the failed share falls; then retry failed jobs still kept."),
    ),
    _openrouter(
        "down",
        text("OpenRouter answers with errors; jobs that need it fail"),
        text("Look at https://status.openrouter.ai; wait. Retries come back by themselves."),
        text("Verify: the failed share falls."),
    ),
)
