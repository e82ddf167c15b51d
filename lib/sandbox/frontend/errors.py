"""How the API turns an error into an answer: by words in its text.

The words hide trouble: `Invalid API key` of the database becomes the caller's mistake, and what mentions the database
never reaches Sentry. Source: the platform's error helper.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.frontend.openrouter import ExternalServiceError


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorClass:
    """What becomes of an error."""

    status: int
    kind: str
    is_reported: bool = False
    """Whether Sentry is told."""


BY_WORD: tuple[tuple[str, ErrorClass], ...] = (
    ("invalid", ErrorClass(status=400, kind="VALIDATION")),
    ("auth", ErrorClass(status=401, kind="AUTHENTICATION")),
    ("permission", ErrorClass(status=403, kind="AUTHORIZATION")),
    ("database", ErrorClass(status=500, kind="DATABASE")),
    ("sql", ErrorClass(status=500, kind="DATABASE")),
)
EXTERNAL = ErrorClass(status=502, kind="EXTERNAL_SERVICE", is_reported=True)
INTERNAL = ErrorClass(status=500, kind="INTERNAL", is_reported=True)


def classify(error: Exception) -> ErrorClass:
    """The class of an error; the first word found decides."""
    if isinstance(error, ExternalServiceError):
        return EXTERNAL
    text = str(error).lower()
    return next((found for word, found in BY_WORD if word in text), INTERNAL)
