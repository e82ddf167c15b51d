"""What may be changed in Sentry: an issue's owner, status and priority, and comments on it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.vendors.sentry_search import stamp
from sandbox.vendors.sentry_shapes import detailed_issue
from sandbox.vendors.sentry_state import SentryState
from sandbox.vendors.sentry_store import Issue, Note

STATUSES = {
    "resolved": "resolved",
    "resolvedInNextRelease": "resolved",
    "unresolved": "unresolved",
    "ignored": "ignored",
}
PRIORITIES = ("low", "medium", "high")
REPEATED_WITHIN = timedelta(hours=1)
USER = {"id": "12", "name": "On Call", "username": "oncall", "email": "oncall@example.com"}
_MISSING = {"detail": "The requested resource does not exist"}


async def update_issue(request: Request, state: SentryState) -> Response:
    """Change what the body names."""
    issue, body = _issue(request, state), await _body(request)
    if issue is None:
        return JSONResponse(_MISSING, status_code=404)
    if body is None:
        return JSONResponse({"detail": "JSON parse error"}, status_code=400)
    status, priority = body.get("status"), body.get("priority")
    if status is not None and status not in STATUSES:
        return JSONResponse({"status": [f'"{status}" is not a valid choice.']}, status_code=400)
    if priority is not None and priority not in PRIORITIES:
        return JSONResponse({"priority": [f'"{priority}" is not a valid choice.']}, status_code=400)
    if status is not None:
        issue.status, issue.has_regressed = STATUSES[status], False
    issue.priority = priority or issue.priority
    if "assignedTo" in body:
        issue.assigned_to = str(body["assignedTo"] or "")
    return JSONResponse(detailed_issue(issue, state, datetime.now(UTC)))


async def add_note(request: Request, state: SentryState) -> Response:
    """Comment on an issue; the same text again within an hour is refused."""
    issue, body = _issue(request, state), await _body(request)
    if issue is None:
        return JSONResponse(_MISSING, status_code=404)
    text = body.get("text") if body else None
    if not text or not isinstance(text, str):
        return JSONResponse({"text": ["This field is required."]}, status_code=400)
    now = datetime.now(UTC)
    if any(note.text == text and now - note.at < REPEATED_WITHIN for note in issue.notes):
        return JSONResponse({"detail": "You have already posted that comment."}, status_code=400)
    issue.notes.append(Note(id=str(4_633_816_000 + len(issue.notes)), text=text, at=now))
    return JSONResponse(_note(issue.notes[-1]), status_code=201)


async def list_notes(request: Request, state: SentryState) -> Response:
    """Comments of an issue, newest first."""
    issue = _issue(request, state)
    if issue is None:
        return JSONResponse(_MISSING, status_code=404)
    return JSONResponse([_note(note) for note in reversed(issue.notes)])


def _note(note: Note) -> dict[str, Any]:
    return {"id": note.id, "type": "note", "data": {"text": note.text}, "user": USER, "dateCreated": stamp(note.at)}


def _issue(request: Request, state: SentryState) -> Issue | None:
    return state.store.by_id(request.path_params["issue"])


async def _body(request: Request) -> dict[str, Any] | None:
    try:
        body = await request.json()
    except json.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None
