"""Incident 5: a high error rate in Sentry. Steps follow the written runbook line by line."""

from __future__ import annotations

from diagnostics.checks import CHECKS
from diagnostics.model import Runbook, Step
from diagnostics.probes import PROBES
from diagnostics.runbooks import worker_not_processing
from diagnostics.text import text

_SENTRY = "https://world-wide-services.sentry.io"
_RAILWAY = "https://railway.app"
_VERCEL = "https://vercel.com/dashboard"

RUNBOOK = Runbook(
    slug="high-error-rate",
    title=text("High error rate in Sentry"),
    probes=PROBES,
    checks=CHECKS,
    essential=("errors.issues", "errors.rate", "errors.spike", "jobs.failures", "frontend.errors"),
    steps=(
        Step(
            line="5.D1",
            what=text("Check the issues in Sentry, sorted by frequency"),
            findings=("errors.issues", "errors.silence"),
            link=_SENTRY,
        ),
        Step(
            line="5.D2",
            what=text("Analyse the error: stack trace, tags, the release it began with"),
            findings=("errors.issues", "errors.release", "errors.jobs"),
            link=_SENTRY,
        ),
        Step(
            line="5.D3",
            what=text("Check the metrics: share of failed requests, response times, errors over time"),
            findings=("errors.rate", "errors.latency", "errors.spike"),
            link=_SENTRY,
        ),
        Step(
            line="5.A1",
            what=text("If it is in the worker: match its log with the times of the errors"),
            findings=("errors.match", "jobs.failures", "jobs.reason", "errors.jobs", "worker.errors"),
            link=_RAILWAY,
        ),
        Step(
            line="5.A2",
            what=text("If it is in the worker: mend the code on a hotfix branch and deploy it"),
            findings=("worker.deployment", "jobs.reason"),
            link=_RAILWAY,
        ),
        Step(
            line="5.B1",
            what=text("If it is in the frontend: match Vercel's log with the errors"),
            findings=("errors.match", "frontend.errors"),
            link=_VERCEL,
        ),
        Step(
            line="5.B2",
            what=text("If it is in the frontend: find out whether it meets everybody or particular users"),
            findings=("errors.users",),
            link=_SENTRY,
        ),
        Step(
            line="5.B3",
            what=text("If it is in the frontend: roll back or deploy a hotfix through Vercel"),
            findings=("errors.release", "frontend.deployment"),
            link=_VERCEL,
        ),
        Step(
            line="5.C1",
            what=text("If it is temporary: retry with a pause and a limit"),
            findings=("errors.jobs", "queue.delayed"),
        ),
        Step(
            line="5.C2",
            what=text("If it is temporary: handle the error where it happens"),
            findings=("errors.issues",),
        ),
        Step(
            line="5.C3",
            what=text("If it is temporary: watch the external APIs"),
            findings=("openrouter.account", "errors.spike"),
            link="https://status.openrouter.ai",
        ),
    ),
    escalation=worker_not_processing.RUNBOOK.escalation,
)
