"""Triage: every probe, every check, and the cause says which runbook comes next."""

from __future__ import annotations

from diagnostics.checks import CHECKS
from diagnostics.model import Runbook, Step
from diagnostics.probes import PROBES
from diagnostics.runbooks import worker_not_processing
from diagnostics.text import text

RUNBOOK = Runbook(
    slug="triage",
    title=text("Which incident is it?"),
    probes=PROBES,
    checks=CHECKS,
    essential=worker_not_processing.RUNBOOK.essential,
    steps=(
        Step(
            line="1.E1",
            what=text("Check the status of all services, by their own pages"),
            findings=(
                "provider.vercel",
                "provider.railway",
                "provider.upstash",
                "provider.supabase",
                "provider.sentry",
                "provider.openrouter",
            ),
        ),
    ),
    escalation=worker_not_processing.RUNBOOK.escalation,
)
