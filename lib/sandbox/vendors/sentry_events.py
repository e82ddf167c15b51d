"""What Sentry makes of what an SDK sends: events with tags, title and group, and the spans of transactions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

LEVELS = frozenset(("debug", "info", "warning", "error", "fatal"))
GOOD_STATUSES = frozenset(("ok", "cancelled", "unknown", ""))
"""Span statuses that do not count as a failure. Source: Sentry's definition of `failure_rate()`."""
_BROWSERS = (
    ("Edge", re.compile(r"Edg/([\d.]+)")),
    ("Firefox", re.compile(r"Firefox/([\d.]+)")),
    ("Chrome", re.compile(r"Chrome/([\d.]+)")),
    ("Safari", re.compile(r"Version/([\d.]+).* Safari/")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """One accepted event. `group` tells which issue it belongs to."""

    id: str
    at: datetime
    received_at: datetime
    payload: Mapping[str, Any]
    group: tuple[str, ...]
    title: str
    culprit: str
    level: str
    type: str
    metadata: Mapping[str, str]
    tags: Mapping[str, str]

    @property
    def user(self) -> str:
        """The user's tag, such as `id:42`; empty when nobody is known."""
        return self.tags.get("user", "")

    @property
    def is_handled(self) -> bool:
        return self.tags.get("handled") != "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One transaction: a request from its start to its end."""

    at: datetime
    duration_ms: float
    name: str
    op: str
    status: str
    tags: Mapping[str, str]

    @property
    def has_failed(self) -> bool:
        return self.status not in GOOD_STATUSES


def event_of(payload: Mapping[str, Any], *, received_at: datetime) -> StoredEvent:
    """The event behind a payload. Raises ValueError when it has no usable form."""
    tags = _tags(payload)
    metadata, title = _headline(payload)
    culprit = str(payload.get("transaction") or _place(payload))
    level = str(payload.get("level") or "error")
    return StoredEvent(
        id=str(payload["event_id"]).replace("-", ""),
        at=instant(payload.get("timestamp"), otherwise=received_at),
        received_at=received_at,
        payload=payload,
        group=_group(payload, metadata, culprit),
        title=title,
        culprit=culprit,
        level=level if level in LEVELS else "error",
        type="error" if exceptions(payload) else "default",
        metadata=metadata,
        tags=tags,
    )


def span_of(payload: Mapping[str, Any], *, received_at: datetime) -> Span:
    """The root span of a transaction event."""
    end = instant(payload.get("timestamp"), otherwise=received_at)
    start = instant(payload.get("start_timestamp"), otherwise=end)
    trace = payload.get("contexts", {}).get("trace", {})
    return Span(
        at=end,
        duration_ms=max(0.0, (end - start).total_seconds() * 1000),
        name=str(payload.get("transaction") or "<unlabeled transaction>"),
        op=str(trace.get("op") or ""),
        status=str(trace.get("status") or ""),
        tags=_tags(payload),
    )


def instant(value: object, *, otherwise: datetime) -> datetime:
    """A payload's time: epoch seconds or RFC 3339."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, str):
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return otherwise


def exceptions(payload: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The chain of exceptions, the one that was caught last."""
    found = payload.get("exception") or {}
    values = found.get("values", []) if isinstance(found, Mapping) else found
    return [each for each in values if isinstance(each, Mapping)]


def frames(exception: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Frames of one exception, oldest first."""
    return (exception.get("stacktrace") or {}).get("frames") or []


def message_of(payload: Mapping[str, Any]) -> str:
    """The text of a message event, or of a log record."""
    entry = payload.get("logentry") or payload.get("message") or ""
    if isinstance(entry, Mapping):
        return str(entry.get("formatted") or entry.get("message") or "")
    return str(entry)


def _headline(payload: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    chain = exceptions(payload)
    if not chain:
        message = message_of(payload) or "<unlabeled event>"
        return {"title": message}, message
    last = chain[-1]
    kind, value = str(last.get("type") or "Error"), str(last.get("value") or "")
    frame = _best_frame(last)
    metadata = {"type": kind, "value": value}
    if frame is not None:
        metadata |= {"filename": str(frame.get("filename") or ""), "function": str(frame.get("function") or "")}
    return metadata, f"{kind}: {value.splitlines()[0]}" if value else kind


def _best_frame(exception: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The innermost frame of the application's own code, else the innermost of all."""
    found = frames(exception)
    own = [frame for frame in found if frame.get("in_app")] or found
    return own[-1] if own else None


def _place(payload: Mapping[str, Any]) -> str:
    chain = exceptions(payload)
    frame = _best_frame(chain[-1]) if chain else None
    if frame is None:
        return str(payload.get("logger") or "")
    return f"{frame.get('function') or '?'}({frame.get('module') or frame.get('filename') or '?'})"


def _group(payload: Mapping[str, Any], metadata: Mapping[str, str], culprit: str) -> tuple[str, ...]:
    """What events of one issue share: the fingerprint they bring, else the type and the place of the error."""
    brought = [str(each) for each in payload.get("fingerprint") or () if "{{" not in str(each)]
    if brought:
        return tuple(brought)
    if "type" in metadata:
        return metadata["type"], metadata.get("function", ""), culprit
    entry = payload.get("logentry")
    template = entry.get("message") if isinstance(entry, Mapping) else None
    return str(payload.get("logger") or ""), str(template or metadata["title"])


def _tags(payload: Mapping[str, Any]) -> dict[str, str]:
    given = payload.get("tags") or {}
    pairs = given.items() if isinstance(given, Mapping) else [tuple(pair) for pair in given]
    tags = {str(key): str(value) for key, value in pairs if value is not None}
    for name in ("level", "environment", "release", "server_name", "transaction"):
        if payload.get(name):
            tags.setdefault(name, str(payload[name]))
    request = payload.get("request") or {}
    if request.get("url"):
        tags.setdefault("url", str(request["url"]))
    return tags | _mechanism(payload) | _visitor(payload, request)


def _mechanism(payload: Mapping[str, Any]) -> dict[str, str]:
    chain = exceptions(payload)
    mechanism = (chain[-1].get("mechanism") or {}) if chain else {}
    tags = {"mechanism": str(mechanism["type"])} if mechanism.get("type") else {}
    if mechanism.get("handled") is not None:
        tags["handled"] = "yes" if mechanism["handled"] else "no"
    return tags


def _visitor(payload: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, str]:
    tags = {}
    user = payload.get("user") or {}
    for key, name in (("id", "id"), ("email", "email"), ("username", "username"), ("ip_address", "ip")):
        if user.get(key):
            tags["user"] = f"{name}:{user[key]}"
            break
    if payload.get("platform") == "javascript":
        headers = request.get("headers") or {}
        agent = str(dict(headers).get("User-Agent", ""))
        found = ((name, match[1]) for name, pattern in _BROWSERS if (match := pattern.search(agent)))
        for name, version in found:
            tags |= {"browser": f"{name} {version}", "browser.name": name}
            break
    return tags
