"""What an error text of the platform means."""

from __future__ import annotations

from enum import Enum


class Symptom(Enum):
    """What an error text of the platform means; `clients/symptoms.py` recognises it."""

    NAME_UNRESOLVED = "name_unresolved"
    NAME_TEMPORARY = "name_temporary"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    RESET = "reset"
    CREDENTIALS_REJECTED = "credentials_rejected"
    AUTH_TIMED_OUT = "auth_timed_out"
    QUOTA_EXHAUSTED = "quota_exhausted"
    OUT_OF_MEMORY = "out_of_memory"
    HEAP_FULL = "heap_full"
    READ_ONLY = "read_only"
    ENVIRONMENT_INVALID = "environment_invalid"
    MODULE_MISSING = "module_missing"
    QUEUE_NAME_ILLEGAL = "queue_name_illegal"
    HANDLER_MISSING = "handler_missing"
    STALLED = "stalled"
    LOCK_LOST = "lock_lost"
    OPENROUTER_RATE_LIMITED = "openrouter_rate_limited"
    OPENROUTER_CREDENTIALS = "openrouter_credentials"
    OPENROUTER_CREDIT = "openrouter_credit"
    OPENROUTER_DOWN = "openrouter_down"
    KOMMO_TOKEN = "kommo_token"
    DATABASE_DOWN = "database_down"
    DATABASE_PAUSED = "database_paused"
    DATABASE_QUOTA = "database_quota"
    DATABASE_KEY = "database_key"
    DATABASE_POOL = "database_pool"
    DATABASE_SLOTS = "database_slots"
    DATABASE_READ_ONLY = "database_read_only"
    DATABASE_DENIED = "database_denied"
    DATABASE_SCHEMA = "database_schema"
    DATABASE_TIMEOUT = "database_timeout"
    DATABASE = "database"
    OTHER = "other"
