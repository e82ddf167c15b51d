"""Error texts of the site, recognised; everything else in them is dropped.

Sources: supabase-js, PostgREST and PostgreSQL messages as the site passes them on, and its own.
"""

from __future__ import annotations

import re

from diagnostics.readings import Trouble

_TABLE: tuple[tuple[Trouble, str], ...] = (
    (Trouble.VARIABLE_MISSING, r"environment validation failed"),
    (Trouble.URL_MISSING, r"supabaseUrl is required"),
    (Trouble.KEY_MISSING, r"supabaseKey is required"),
    (Trouble.URL_INVALID, r"Invalid supabaseUrl"),
    (Trouble.NOT_CONFIGURED, r"not configured|client not initialized"),
    (Trouble.CONNECTION_CLOSED, r"Connection is closed"),
    (Trouble.QUOTA_EXHAUSTED, r"max (daily |monthly )?requests? limit|max concurrent connections"),
    (Trouble.CREDENTIALS_REJECTED, r"WRONGPASS|NOAUTH|NOPERM|invalid username-password|Unauthorized"),
    (Trouble.KEY_REJECTED, r"Invalid API key|JWT expired|JWSError|No API key"),
    (Trouble.RESTARTING, r"PGRST00[0-2]|Could not query the database"),
    (Trouble.POOL, r"PGRST003|connection pool"),
    (Trouble.SLOTS, r"53300|remaining connection slots"),
    (Trouble.POLICY, r"42P17|infinite recursion|row-level security|relation .?(public\.)?members"),
    (Trouble.SCHEMA, r"PGRST20\d|42P01|42703|schema cache|does not exist"),
    (Trouble.STATEMENT_TIMEOUT, r"57014|55P03|(statement|lock) timeout"),
    (Trouble.PERMISSION, r"42501|permission denied"),
    (Trouble.CACHE, r"Cache health check failed|Redis health check failed"),
    (Trouble.TIMED_OUT, r"ETIMEDOUT|timed? ?out"),
    (Trouble.UNREACHABLE, r"fetch failed|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET"),
)
_COMPILED = tuple((trouble, re.compile(pattern, re.IGNORECASE)) for trouble, pattern in _TABLE)
_VARIABLE = re.compile(r"environment validation failed:?[^A-Z]{0,20}([A-Z][A-Z0-9]*(?:_[A-Z0-9]+){1,8})", re.IGNORECASE)
_EDGE_CODE = re.compile(
    r"\b((?:EDGE_)?FUNCTION_[A-Z_]{4,40}|MIDDLEWARE_[A-Z_]{4,40}|DEPLOYMENT_[A-Z_]{4,40}|NO_RESPONSE_FROM_FUNCTION"
    r"|DNS_HOSTNAME_[A-Z_]{4,40}|INTERNAL_[A-Z_]{4,40})\b"
)
_MOST = 20_000
"""Characters of an answer that are searched."""


def trouble_of(message: str) -> Trouble | None:
    """What `message` means; `OTHER` for a text nobody has described, `None` for no text."""
    message = message[:_MOST].strip()
    if not message:
        return None
    for trouble, pattern in _COMPILED:
        if pattern.search(message):
            return trouble
    return Trouble.WEB_PAGE if message.startswith("<") else Trouble.OTHER


def missing_variable(message: str) -> str:
    """The variable that a failed validation names, in capitals; empty for none."""
    found = _VARIABLE.search(message[:_MOST])
    return found[1] if found and found[1].isupper() else ""


def edge_code(message: str) -> str:
    """The edge's own word in the page it shows; empty for none."""
    found = _EDGE_CODE.search(message[:_MOST])
    return found[1] if found else ""
