"""Incident 4: the database is unavailable. Steps follow the written runbook line by line."""

from __future__ import annotations

from diagnostics.checks import CHECKS
from diagnostics.model import Runbook, Step
from diagnostics.probes import PROBES
from diagnostics.runbooks import worker_not_processing
from diagnostics.text import text

_PROJECT = "https://supabase.com/dashboard/project/rpzchsgutabxeabbnwas"

RUNBOOK = Runbook(
    slug="database-unavailable",
    title=text("The database is unavailable"),
    probes=PROBES,
    checks=CHECKS,
    essential=("database.reachable", "database.keys", "database.connections", "jobs.failures"),
    steps=(
        Step(
            line="4.S1",
            what=text("The health check shows that the database is in error"),
            findings=("frontend.database", "frontend.database_service", "database.reachable"),
        ),
        Step(
            line="4.S2",
            what=text("The frontend cannot load data"),
            findings=("database.impact", "frontend.availability", "frontend.errors"),
        ),
        Step(
            line="4.S3",
            what=text("The worker cannot process jobs that need the database"),
            findings=("database.impact", "jobs.failures", "jobs.reason"),
        ),
        Step(
            line="4.D1",
            what=text("Check the health check's word on the database, and both keys apart"),
            findings=("database.reachable", "database.keys", "frontend.database", "frontend.database_service"),
        ),
        Step(
            line="4.D2",
            what=text("Check the project's status and its use of resources"),
            findings=("database.project", "database.connections", "database.storage"),
            link=_PROJECT,
        ),
        Step(
            line="4.D3",
            what=text("Check the logs for connection errors, and the schema for what they name"),
            findings=("database.log", "database.schema", "database.policy", "worker.errors"),
            link=f"{_PROJECT}/logs/explorer",
        ),
        Step(
            line="4.A1",
            what=text("Check SUPABASE_URL, SUPABASE_ANON_KEY and SUPABASE_SERVICE_ROLE_KEY"),
            findings=("database.keys", "worker.environment", "frontend.environment"),
            link="https://railway.app",
        ),
        Step(
            line="4.A2",
            what=text("Check that the connection pooler is on"),
            findings=("database.pooler",),
            link=f"{_PROJECT}/settings/database",
        ),
        Step(
            line="4.B1",
            what=text("Check the usage against the database's limits"),
            findings=("database.connections", "database.storage"),
            link=f"{_PROJECT}/settings/infrastructure",
        ),
        Step(
            line="4.B2",
            what=text("If a limit is exceeded: a larger plan, or statements that cost less"),
            findings=("database.connections", "database.slow"),
            link="https://supabase.com/dashboard",
        ),
        Step(
            line="4.C1",
            what=text("Check slow statements, and who waits for whom"),
            findings=("database.slow", "database.locks", "jobs.duration"),
            link=f"{_PROJECT}/advisors/query-performance",
        ),
        Step(
            line="4.C2",
            what=text("Optimise the indexes"),
            findings=("database.indexes",),
            link=f"{_PROJECT}/advisors/performance",
        ),
        Step(
            line="4.C3",
            what=text("Consider read replicas"),
            findings=("database.replication", "database.slow"),
            link=f"{_PROJECT}/settings/infrastructure",
        ),
    ),
    escalation=worker_not_processing.RUNBOOK.escalation,
)
