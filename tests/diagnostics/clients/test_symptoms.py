"""Error texts: recognised, and reduced to words that cannot be a secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.clients.symptoms import plain_words, recognise
from diagnostics.clients.workerlog import event_of
from diagnostics.readings import Symptom

STAMP = "2026-01-31T03:00:00.123456789Z"


@pytest.mark.parametrize(
    ("message", "symptom"),
    [
        ("getaddrinfo ENOTFOUND eu1-x.upstash.io", Symptom.NAME_UNRESOLVED),
        ("connect ECONNREFUSED 127.0.0.1:6379", Symptom.REFUSED),
        ("WRONGPASS invalid username-password pair or user is disabled.", Symptom.CREDENTIALS_REJECTED),
        ("ERR max daily request limit exceeded", Symptom.QUOTA_EXHAUSTED),
        ("OOM command not allowed when used memory > 'maxmemory'", Symptom.OUT_OF_MEMORY),
        ("No handler registered for job process-asset", Symptom.HANDLER_MISSING),
        ("LLM API error: 429", Symptom.OPENROUTER_RATE_LIMITED),
        ("LLM API error: 402", Symptom.OPENROUTER_CREDIT),
        ("Queue name cannot contain :", Symptom.QUEUE_NAME_ILLEGAL),
        ("Missing lock for job 12. moveToFinished", Symptom.LOCK_LOST),
        ("getaddrinfo ENOTFOUND gone.upstash.io", Symptom.NAME_UNRESOLVED),
        ("getaddrinfo EAI_AGAIN bear.upstash.io", Symptom.NAME_TEMPORARY),
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
        ("PGRST003: Timed out acquiring connection from connection pool", Symptom.DATABASE_POOL),
        ("Invalid API key", Symptom.DATABASE_KEY),
        ("JWT expired", Symptom.DATABASE_KEY),
        ("FATAL: sorry, too many clients already (53300)", Symptom.DATABASE_SLOTS),
        ("remaining connection slots are reserved for roles with the SUPERUSER attribute", Symptom.DATABASE_SLOTS),
        ("MaxClientsInSessionMode: max clients reached", Symptom.DATABASE_POOL),
        ("TypeError: fetch failed", Symptom.DATABASE_DOWN),
        ("the database system is starting up", Symptom.DATABASE_DOWN),
        ("permission denied for table organizations", Symptom.DATABASE_DENIED),
        ('new row violates row-level security policy for table "users"', Symptom.DATABASE_DENIED),
        ("cannot execute INSERT in a read-only transaction (25006)", Symptom.DATABASE_READ_ONLY),
        ("exceed_db_size_quota", Symptom.DATABASE_QUOTA),
        ("something else entirely", Symptom.OTHER),
        ("   ", None),
        ("", None),
    ],
)
def test_a_text_is_recognised(message: str, symptom: Symptom | None) -> None:
    """The platform's own wording, as its logs have it."""
    assert recognise(message) is symptom


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=16, max_size=40))
def test_no_foreign_word_passes(secret: str) -> None:
    """Whatever stands in an error text, only known words and codes are left of it."""
    told = plain_words(f"connect failed {secret} timeout {secret}")
    assert secret not in told
    assert told.startswith("connect failed …")


@given(secret=st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=16, max_size=40))
def test_no_job_data_passes_a_log_line(secret: str) -> None:
    """`job.start` logs the whole data of a job: nothing of it is kept."""
    raw = f'{{"level":30,"event":"job.start","jobName":"crm:sync-contacts","data":{{"email":"{secret}"}},"msg":"{secret}"}}'
    event = event_of(STAMP, raw, severity="info", attributes={"data": secret}, instance="i")
    assert event is not None
    assert (event.event, event.job_name) == ("job.start", "crm:sync-contacts")
    assert secret not in repr(event)


@pytest.mark.parametrize(
    ("message", "event", "level"),
    [
        (
            '{"level":50,"event":"job.failed","jobName":"x","err":{"message":"LLM API error: 429"}}',
            "job.failed",
            "error",
        ),
        ('{"level":"warn","message":"Redis disconnected","event":"redis.disconnect"}', "redis.disconnect", "warn"),
        ("[03:00:00.1] INFO: Worker started successfully", "worker.ready", "info"),
        ("Job failed: x", "job.failed", "info"),
        ("{cut short", "", "info"),
    ],
)
def test_the_shapes_of_a_line(message: str, event: str, level: str) -> None:
    """Numeric levels, level words, pretty text, plain lines, broken JSON."""
    found = event_of(STAMP, message, severity="info", attributes={}, instance="")
    assert found is not None
    assert (found.event, found.level) == (event, level)


def test_a_line_without_a_time_is_no_event() -> None:
    """A line that cannot be placed is not placed at zero."""
    assert event_of("soon", "Job failed: x", severity="error", attributes={}, instance="") is None
