"""Causes of errors that Sentry shows, and of Sentry showing none."""

from __future__ import annotations

from diagnostics.causes.rule import ERROR_SYMPTOMS, ERRORS, SITE_SYMPTOMS, Rule, Sign
from diagnostics.readings import Symptom
from diagnostics.text import text

_KNOWN_REASONS = (
    "handler_missing",
    "kommo_token",
    "openrouter_rate_limited",
    "openrouter_credentials",
    "openrouter_credit",
    "openrouter_down",
    "database_down",
    "database_schema",
    "database_timeout",
    "database",
)
_EXPLAINED = (*(symptom.value for symptom in Symptom if symptom is not Symptom.OTHER), "one_type")
"""Whatever the log names as the reason is the cause, and Sentry's silence beside it a matter for the morning."""
_DATABASE = ("database_down", "database_schema", "database_timeout", "database")

RULES = (
    Rule(
        id="errors.release_regression",
        title=text("A release brought an error: it began right after the deployment"),
        runbook=ERRORS,
        branch="5.B3",
        needs=(Sign("errors.release", ("after_release",), 0.75),),
        supports=(
            Sign("errors.issues", ("new", "regressed"), 0.3),
            Sign("errors.rate", ("failing",), 0.2),
            Sign("errors.spike", ("spike",), 0.1),
        ),
        against=(Sign("jobs.reason", _DATABASE, 0.5), Sign("frontend.availability", ("variable_missing",), 0.5)),
        explains=SITE_SYMPTOMS,
        masks=("frontend.bad_release", "monitoring.sentry_blind"),
        remediations=("rollback-frontend", "report-to-sentry", "notify-team"),
        steps=(
            text(
                "Roll the site back to the deployment before (Vercel → Deployments → the one before → Instant "
                "Rollback), then mend the code on a hotfix branch. The findings name issue, route and release."
            ),
            text(
                "Tell the author of the release: notebook 05 (5.D2) and Sentry show the innermost frames of our "
                "own code."
            ),
            text("Verify: no new event of this issue after the rollback and the failed share falls."),
        ),
    ),
    Rule(
        id="errors.transient_upstream",
        title=text("Another service times out or fails; our code only passes it on"),
        runbook=ERRORS,
        branch="5.C1, 5.C2, 5.C3",
        needs=(Sign("errors.issues", ("upstream",), 0.7),),
        supports=(Sign("errors.spike", ("spike",), 0.2), Sign("errors.rate", ("failing",), 0.1)),
        against=(
            Sign("errors.release", ("after_release",), 0.5),
            Sign("openrouter.account", ("openrouter_credentials", "openrouter_credit"), 0.5),
        ),
        explains=SITE_SYMPTOMS,
        remediations=("open-openrouter", "report-to-sentry"),
        steps=(
            text(
                "Look at the status of the service that the issue names (OpenRouter: https://status.openrouter.ai). "
                "Do not roll back and do not raise concurrency: wait, and run again in five minutes."
            ),
            text("If it lasts: retry with a pause and a limit in the code, and tell visitors what is unavailable."),
            text("Verify: no new event of the issue."),
        ),
    ),
    Rule(
        id="errors.retry_amplification",
        title=text("A few bad jobs are tried again and again: many failures, few jobs"),
        runbook=ERRORS,
        branch="5.A1, 5.A2",
        needs=(Sign("errors.jobs", ("amplified",), 0.75),),
        supports=(Sign("jobs.failures", ("failing",), 0.2),),
        against=(Sign("jobs.reason", _KNOWN_REASONS, 0.6),),
        explains=("errors.jobs", "jobs.failures", "jobs.reason", "queue.delayed", *ERROR_SYMPTOMS),
        masks=("jobs.poison_type", "monitoring.sentry_blind"),
        remediations=("park-failed-jobs",),
        steps=(
            text(
                "Count jobs, not failures: a few jobs fail again and again. Read one job's log lines on Railway (the "
                "command lists their jobIds) and park these few jobs."
            ),
            text("Mend the code on a hotfix branch so that such a job fails once, then retry the parked ones."),
            text("Verify: no new line 'Job failed' of these jobs."),
        ),
    ),
    Rule(
        id="errors.client_noise",
        title=text("Browsers report errors of their own: extensions and lost connections, none of our requests"),
        runbook=ERRORS,
        branch="5.B2",
        needs=(Sign("errors.issues", ("noise",), 0.75),),
        supports=(Sign("errors.rate", ("low", "too_little"), 0.2),),
        against=(Sign("errors.rate", ("failing",), 0.5),),
        explains=("errors.issues", "errors.spike"),
        remediations=("open-sentry",),
        steps=(
            text(
                "Nothing of ours is broken. Filter it: Sentry → Project Settings → Inbound Filters → browser "
                "extensions; archive the issue."
            ),
            text("Verify: requests of the site go on without failures."),
        ),
    ),
    Rule(
        id="errors.deploy_skew",
        title=text("Tabs opened before the last deployment ask for files it no longer has"),
        runbook=ERRORS,
        branch="5.C2, 5.C3",
        needs=(Sign("errors.issues", ("deploy_skew",), 0.75),),
        supports=(Sign("frontend.deployment", ("recent",), 0.3),),
        explains=("errors.issues", "errors.spike"),
        remediations=("open-sentry",),
        steps=(
            text("Wait: it ends as visitors reload. Do not roll back: that would only turn the roles round."),
            text("Afterwards: let the client reload on this error, or turn on Vercel's skew protection."),
            text("Verify: events of the issue become fewer within half an hour."),
        ),
    ),
    Rule(
        id="monitoring.sentry_blind",
        title=text("Something fails that Sentry does not hear of: its silence is no health"),
        runbook=ERRORS,
        branch="5.A1, 5.B1",
        needs=(
            Sign("errors.silence", ("dropped",), 0.75),
            Sign("errors.silence", ("deaf_frontend",), 0.55),
            Sign("errors.silence", ("deaf_worker",), 0.55),
        ),
        against=(
            Sign("jobs.reason", _EXPLAINED, 0.5),
            # Jobs fail for a reason that nobody could read: that is the question, not Sentry's silence.
            Sign("jobs.reason", ("mixed_unread", "one_type_unread"), 0.3),
            Sign("frontend.availability", ("variable_missing", "database", "down"), 0.4),
            Sign("worker.errors", ("timed_out", "refused", "credentials_rejected", "quota_exhausted"), 0.4),
        ),
        explains=("errors.silence",),
        remediations=("open-sentry", "notify-team"),
        steps=(
            text(
                "Read the logs instead: Railway → Worker Service → Logs for jobs, Vercel → Logs for requests. They "
                "have what Sentry lacks."
            ),
            text(
                "Then mend the sight: quota under Sentry → Settings → Subscription; SENTRY_DSN of the site on Vercel "
                "(needs a redeploy). The worker never starts Sentry: that is a change of its code."
            ),
            text("Verify: a test error shows up in Sentry within a minute."),
        ),
    ),
)
