"""What Supabase's REST API says where the driver says something else: one table.

The worker reads its tables through PostgREST in production, so its failures carry PostgREST's codes and words.
"""

from __future__ import annotations

from psycopg import Error

UNREACHABLE = "Could not query the database for the schema cache. Retrying. (PGRST002)"
MISSING_TABLE = "Could not find the table 'public.{name}' in the schema cache (PGRST205)"


class RestError(Exception):
    """A request to Supabase that failed; the text is what the logs are searched for."""


def rest_error(error: Error) -> RestError:
    """A failure of the driver in PostgREST's words. Server errors keep their own, with their code."""
    code = error.sqlstate
    told = (error.diag.message_primary or str(error)).strip()
    if code == "42P01":
        return RestError(MISSING_TABLE.format(name=told.split('"')[1].rpartition(".")[2]))
    if code is None or code.startswith(("08", "57P")):
        return RestError(UNREACHABLE)
    return RestError(f"{told} ({code})")
