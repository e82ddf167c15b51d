"""The database is gone and Supabase's status page says so."""

from sandbox.faults import database_down
from sandbox.faults.provider_outage import outage

FAULT = outage(
    database_down.FAULT,
    vendor="supabase",
    title="Projects in eu-central-1 unavailable",
    summary="the database is stopped and Supabase's status page tells of an outage",
    row="4.01",
)
