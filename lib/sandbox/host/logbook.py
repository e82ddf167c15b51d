"""The log store of the host: what the replicas wrote, read as Railway reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sandbox.service import LogLine

KEPT_LINES = 250_000
PINO_SEVERITIES = {10: "debug", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "error"}
SEVERITIES = {"debug": "debug", "info": "info", "warn": "warn", "warning": "warn", "error": "error"}


class Logbook:
    """Lines in order of arrival, the oldest dropped when there are too many."""

    def __init__(self) -> None:
        self._lines: list[LogLine] = []

    @property
    def lines(self) -> Sequence[LogLine]:
        return self._lines

    def write_before(self, lines: Iterable[LogLine]) -> None:
        """Put older lines, themselves in order, before everything written so far."""
        self._lines[:0] = lines

    def output(self, stream: str, text: str, *, deployment_id: str, instance_id: str) -> None:
        """Take one line a replica wrote: JSON is taken apart, stderr is an error."""
        fields = _fields(text)
        at = datetime.now(UTC)
        if fields is None:
            severity = "error" if stream == "stderr" else "info"
            self._add(text, severity, at, deployment_id, instance_id, {})
            return
        severity = severity_of(fields.pop("level", None), stream)
        message = str(fields.pop("message", None) or fields.pop("msg", ""))
        self._add(message, severity, at, deployment_id, instance_id, encode_attributes(fields))

    def system(self, message: str, *, deployment_id: str, instance_id: str) -> None:
        """A line of the host's own."""
        self._add(message, "info", datetime.now(UTC), deployment_id, instance_id, {})

    def _add(
        self,
        message: str,
        severity: str,
        at: datetime,
        deployment_id: str,
        instance_id: str,
        attributes: dict[str, str],
    ) -> None:
        self._lines.append(
            LogLine(
                at=at,
                message=message,
                severity=severity,
                deployment_id=deployment_id,
                instance_id=instance_id,
                attributes=attributes,
            )
        )
        if len(self._lines) > KEPT_LINES:
            del self._lines[: KEPT_LINES // 10]


def severity_of(level: object, stream: str = "stdout") -> str:
    """Railway's word for a level: pino's number, or a name."""
    if stream == "stderr":
        return "error"
    if isinstance(level, int):
        return PINO_SEVERITIES.get(level, "info")
    return SEVERITIES.get(str(level).lower(), "info")


def encode_attributes(fields: dict[str, object]) -> dict[str, str]:
    """Attribute values as JSON texts."""
    return {name: json.dumps(value, ensure_ascii=False) for name, value in fields.items()}


def _fields(text: str) -> dict[str, object] | None:
    if not text.startswith("{"):
        return None
    try:
        fields = json.loads(text)
    except json.JSONDecodeError:
        return None
    return fields if isinstance(fields, dict) and ("msg" in fields or "message" in fields) else None
