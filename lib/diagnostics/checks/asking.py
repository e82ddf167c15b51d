"""How a person asks the database: commands that name variables, never their values."""

from __future__ import annotations

from diagnostics.checks.finding import bearer
from diagnostics.scope import Facts


def psql(facts: Facts, statement: str) -> str:
    """The command that runs one reading statement, in a session that can only read."""
    return f'PGOPTIONS=\'-c default_transaction_read_only=on\' psql -X "${facts.postgres_variable}" -c "{statement}"'


def rest(facts: Facts, role: str, path: str = "") -> str:
    """The command that asks the REST interface with the key of `anon` or `service`, and shows the status."""
    key = facts.supabase_anon_variable if role == "anon" else facts.supabase_service_variable
    table = facts.supabase_tables[0] if facts.supabase_tables else "organizations"
    target = path or f"{table}?select=id&limit=1"
    return (
        f"curl -sS -m 10 -w '\\n%{{http_code}}\\n' \"${facts.supabase_url_variable}/rest/v1/{target}\" "
        f'-H "apikey: ${key}" -H "Authorization: Bearer ${key}"'
    )


def management(facts: Facts, path: str = "") -> str:
    """The command that asks Supabase about the project."""
    ref = facts.supabase_ref or "$RUNBOOK_SUPABASE__PROJECT_REF"
    return bearer(f'"{facts.supabase_url}/v1/projects/{ref}{path}"', facts.supabase_variable)
