"""Triage: every probe, every check, and the cause says which runbook comes next."""

from __future__ import annotations

from diagnostics.checks import CHECKS
from diagnostics.model import Runbook
from diagnostics.probes import PROBES
from diagnostics.runbooks import worker_not_processing
from diagnostics.text import text

RUNBOOK = Runbook(
    slug="triage",
    title=text("Which incident is it?"),
    probes=PROBES,
    checks=CHECKS,
    essential=worker_not_processing.RUNBOOK.essential,
    steps=worker_not_processing.RUNBOOK.steps,
    escalation=worker_not_processing.RUNBOOK.escalation,
)
