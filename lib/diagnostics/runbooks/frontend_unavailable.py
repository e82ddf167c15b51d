"""Incident 3: the frontend is unavailable. Steps follow the written runbook line by line."""

from __future__ import annotations

from diagnostics.checks import CHECKS
from diagnostics.model import Runbook, Step
from diagnostics.probes import PROBES
from diagnostics.runbooks import worker_not_processing
from diagnostics.text import text

_VERCEL = "https://vercel.com/dashboard"

RUNBOOK = Runbook(
    slug="frontend-unavailable",
    title=text("The frontend is unavailable"),
    probes=PROBES,
    checks=CHECKS,
    essential=("frontend.site", "frontend.health", "frontend.availability"),
    steps=(
        Step(
            line="3.D1",
            what=text("Check the site, layer by layer, and its health page"),
            findings=(
                "frontend.site",
                "frontend.health",
                "frontend.availability",
                "frontend.latency",
                "frontend.redis",
            ),
        ),
        Step(
            line="3.D2",
            what=text("Check the latest deployment and its logs"),
            findings=("frontend.deployment", "frontend.build", "frontend.errors"),
            link=_VERCEL,
        ),
        Step(
            line="3.D3",
            what=text("Check the environment variables in Vercel"),
            findings=("frontend.environment",),
            link=_VERCEL,
        ),
        Step(
            line="3.A1",
            what=text("Check the build errors and mend them"),
            findings=("frontend.build",),
            link=_VERCEL,
        ),
        Step(
            line="3.A2",
            what=text("Redeploy the last deployment that worked, or roll back to it"),
            findings=("frontend.deployment", "frontend.site"),
            link=_VERCEL,
        ),
        Step(
            line="3.B1",
            what=text("Check that all required variables are present"),
            findings=("frontend.environment",),
            link=_VERCEL,
        ),
        Step(
            line="3.B2",
            what=text("Make sure that the values are correct: by what the site says of them, no value is read"),
            findings=("frontend.availability", "frontend.database", "frontend.database_service", "frontend.redis"),
            link=_VERCEL,
        ),
        Step(
            line="3.B3",
            what=text("Run the deployment again: a variable takes effect only then"),
            findings=("frontend.environment", "frontend.deployment"),
            link=_VERCEL,
        ),
        Step(
            line="3.C1",
            what=text("Check the site's connection to Supabase, with either key"),
            findings=("frontend.database", "frontend.database_service"),
        ),
        Step(
            line="3.C2",
            what=text("Check the project's status in Supabase"),
            findings=("database.project", "jobs.reason"),
            link="https://supabase.com/dashboard",
        ),
    ),
    escalation=worker_not_processing.RUNBOOK.escalation,
)
