"""Symptoms in the reader's words, with the code a log search would find."""

from __future__ import annotations

from diagnostics.readings import Symptom
from diagnostics.text import Text, text

WORDS: dict[Symptom, Text] = {
    Symptom.NAME_UNRESOLVED: text("host name not resolved (ENOTFOUND)"),
    Symptom.NAME_TEMPORARY: text("the name server fails (EAI_AGAIN)"),
    Symptom.REFUSED: text("connection refused (ECONNREFUSED)"),
    Symptom.TIMED_OUT: text("no answer in time (ETIMEDOUT)"),
    Symptom.RESET: text("connection broken (ECONNRESET)"),
    Symptom.CREDENTIALS_REJECTED: text("token refused (WRONGPASS)"),
    Symptom.AUTH_TIMED_OUT: text("token not checked in time, or wrong (DB connection timed-out or wrong password)"),
    Symptom.QUOTA_EXHAUSTED: text("request limit of the plan reached (max requests limit exceeded)"),
    Symptom.OUT_OF_MEMORY: text("memory full, writes refused (OOM)"),
    Symptom.HEAP_FULL: text("the worker's own memory is full (JavaScript heap out of memory)"),
    Symptom.READ_ONLY: text("server is read-only (READONLY)"),
    Symptom.ENVIRONMENT_INVALID: text("an environment variable is missing or malformed (Environment validation error)"),
    Symptom.MODULE_MISSING: text("a module of the release is missing (ERR_MODULE_NOT_FOUND)"),
    Symptom.QUEUE_NAME_ILLEGAL: text("illegal queue name (Queue name cannot contain :)"),
    Symptom.HANDLER_MISSING: text("no handler for this job type (No handler registered)"),
    Symptom.STALLED: text("jobs stalled"),
    Symptom.LOCK_LOST: text("job locks lost (Missing lock)"),
    Symptom.OPENROUTER_RATE_LIMITED: text("OpenRouter limits the rate (429)"),
    Symptom.OPENROUTER_CREDENTIALS: text("OpenRouter refuses the key (401)"),
    Symptom.OPENROUTER_CREDIT: text("OpenRouter credit used up (402)"),
    Symptom.OPENROUTER_DOWN: text("OpenRouter answers with server errors (5xx)"),
    Symptom.KOMMO_TOKEN: text("Kommo refuses the customer's refresh token (400/401)"),
    Symptom.DATABASE_DOWN: text("the database does not answer (PGRST002)"),
    Symptom.DATABASE_PAUSED: text("the database's project is paused (540)"),
    Symptom.DATABASE_QUOTA: text("a limit of the database's plan is exceeded (402)"),
    Symptom.DATABASE_KEY: text("the database refuses a key (Invalid API key)"),
    Symptom.DATABASE_POOL: text("no connection free in the pool (PGRST003)"),
    Symptom.DATABASE_SLOTS: text("all connections of the database are taken (53300)"),
    Symptom.DATABASE_READ_ONLY: text("the database accepts no writes (25006)"),
    Symptom.DATABASE_DENIED: text("the database denies access (42501)"),
    Symptom.DATABASE_SCHEMA: text("a table or column is missing (PGRST205, 42P01)"),
    Symptom.DATABASE_TIMEOUT: text("a statement took too long in the database (57014)"),
    Symptom.DATABASE: text("database errors"),
    Symptom.OTHER: text("an error nobody has described yet"),
}
