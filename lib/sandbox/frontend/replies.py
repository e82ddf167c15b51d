"""Answers in the shapes of the frontend: JSON without blanks, pages, redirects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from sandbox.http import Answer

MIDDLEWARE_FAILED = "x-middleware-failed"
"""Tells the runtime, and only it, that the middleware threw."""


def json_reply(payload: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """JSON as `NextResponse.json` writes it."""
    text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    return Answer(status=status, headers={"Content-Type": "application/json", **(headers or {})}, body=text.encode())


def refusal(status: int, error: str, headers: Mapping[str, str] | None = None) -> Answer:
    """An API error."""
    return json_reply({"success": False, "error": error}, status, headers)


def html_reply(html: str, status: int = 200) -> Answer:
    """A page."""
    return Answer(status=status, headers={"Content-Type": "text/html; charset=utf-8"}, body=html.encode())


def redirect(target: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Send the browser somewhere else."""
    return Answer(status=307, headers={"Location": target, "Content-Type": "text/plain", **(headers or {})})


def iso_now() -> str:
    """Now, as JavaScript writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
