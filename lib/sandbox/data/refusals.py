"""What PostgREST says when it does not do what it was asked: codes, texts and HTTP status, as published.

Source: PostgREST's "Error codes" and "HTTP status codes"; texts as its version 13 writes them.
"""

from __future__ import annotations

import json

from psycopg import Error

BY_CODE = {
    "23503": 409,
    "23505": 409,
    "25006": 405,
    "42883": 404,
    "42P01": 404,
    "42P17": 500,
    "53400": 500,
    "57014": 500,
    "57P01": 503,
    "P0001": 400,
}
BY_CLASS = {
    "08": 503,
    "09": 500,
    "0L": 403,
    "0P": 403,
    "25": 500,
    "28": 403,
    "2D": 500,
    "38": 500,
    "39": 500,
    "3B": 500,
    "40": 500,
    "53": 503,
    "54": 413,
    "55": 500,
    "57": 500,
    "58": 500,
    "F0": 500,
    "HV": 500,
    "P0": 500,
    "XX": 500,
}


class Refusal(Exception):
    """An answer that is an error. The body's keys stand in PostgREST's order."""

    def __init__(
        self, status: int, code: str, message: str, *, details: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.hint = hint

    @property
    def body(self) -> bytes:
        said = {"code": self.code, "details": self.details, "hint": self.hint, "message": self.message}
        return json.dumps(said, ensure_ascii=False).encode()


def of_server(error: Error, *, role: str) -> Refusal:
    """What the database server said, in its own words. Without a code the connection was lost."""
    code, said = error.sqlstate, error.diag
    if code is None:
        return Refusal(503, "PGRST001", "Database client error. Retrying the connection.", details=str(error).strip())
    status = BY_CODE.get(code) or BY_CLASS.get(code[:2], 400)
    if code == "42501":
        status = 401 if role == "anon" else 403
    message = (said.message_primary or str(error)).strip()
    return Refusal(status, code, message, details=said.message_detail, hint=said.message_hint)


def unreachable(details: str) -> Refusal:
    return Refusal(503, "PGRST000", "Database connection error. Retrying the connection.", details=details.strip())


def no_schema_cache() -> Refusal:
    return Refusal(503, "PGRST002", "Could not query the database for the schema cache. Retrying.")


def pool_timeout() -> Refusal:
    return Refusal(504, "PGRST003", "Timed out acquiring connection from connection pool.")


def unreadable(what: str, text: str) -> Refusal:
    return Refusal(400, "PGRST100", f'"failed to parse {what} ({text})" (line 1, column 1)')


def bad_body(message: str) -> Refusal:
    return Refusal(400, "PGRST102", message)


def not_one_row(rows: int) -> Refusal:
    message = "Cannot coerce the result to a single JSON object"
    return Refusal(406, "PGRST116", message, details=f"The result contains {rows} rows")


def no_table(name: str, nearest: str | None) -> Refusal:
    hint = f"Perhaps you meant the table 'public.{nearest}'" if nearest else None
    return Refusal(404, "PGRST205", f"Could not find the table 'public.{name}' in the schema cache", hint=hint)


def no_column(name: str, table: str) -> Refusal:
    return Refusal(400, "PGRST204", f"Could not find the '{name}' column of '{table}' in the schema cache")


def no_function(name: str, arguments: tuple[str, ...]) -> Refusal:
    called = f"({', '.join(arguments)})" if arguments else " without parameters"
    message = f"Could not find the function public.{name}{called} in the schema cache"
    searched = f"Searched for the function public.{name}{called}, but no matches were found in the schema cache."
    return Refusal(404, "PGRST202", message, details=searched)


def no_route() -> Refusal:
    return Refusal(404, "PGRST125", "Invalid path specified in request URL")


def bad_method(method: str) -> Refusal:
    return Refusal(405, "PGRST117", f"Unsupported HTTP method: {method}")


def bad_token(message: str, *, is_expired: bool) -> Refusal:
    return Refusal(401, "PGRST303" if is_expired else "PGRST301", message)
