"""Error texts of the platform and what they mean."""

from __future__ import annotations

import pytest

from diagnostics.clients.symptoms import recognise
from diagnostics.readings import Symptom


@pytest.mark.parametrize(
    ("message", "symptom"),
    [
        ("getaddrinfo ENOTFOUND gone.upstash.io", Symptom.NAME_UNRESOLVED),
        ("getaddrinfo EAI_AGAIN bear.upstash.io", Symptom.NAME_TEMPORARY),
        ("WRONGPASS invalid username-password pair or user is disabled.", Symptom.CREDENTIALS_REJECTED),
        ("ERR DB connection timed-out or wrong username-password given", Symptom.AUTH_TIMED_OUT),
        ("connect ETIMEDOUT", Symptom.TIMED_OUT),
        ("Kommo API error: 400", Symptom.KOMMO_TOKEN),
        ("Kommo API error: 401", Symptom.KOMMO_TOKEN),
        ("Kommo request failed: 401 Unauthorized", Symptom.KOMMO_TOKEN),
        ("CRM connection missing refresh token", Symptom.KOMMO_TOKEN),
        ("Kommo API error: 502", Symptom.OTHER),
        ("Kommo API error: 429", Symptom.OTHER),
        ("Could not query the database for the schema cache. Retrying. (PGRST002)", Symptom.DATABASE_DOWN),
        ("Could not find the table 'public.agents' in the schema cache (PGRST205)", Symptom.DATABASE_SCHEMA),
        ("PGRST204: Could not find the 'x' column of 'agents' in the schema cache", Symptom.DATABASE_SCHEMA),
        ('relation "agents" does not exist (42P01)', Symptom.DATABASE_SCHEMA),
        ("canceling statement due to statement timeout (57014)", Symptom.DATABASE_TIMEOUT),
        ("canceling statement due to lock timeout (55P03)", Symptom.DATABASE_TIMEOUT),
        ("PGRST003: Timed out acquiring connection from connection pool", Symptom.DATABASE),
        ("Invalid API key", Symptom.DATABASE),
        ("LLM API error: 429", Symptom.OPENROUTER_RATE_LIMITED),
        ("", None),
    ],
)
def test_a_text_has_one_meaning(message: str, symptom: Symptom | None) -> None:
    """The narrower meaning goes before the wider one."""
    assert recognise(message) is symptom
