"""The frontend's log: pino's lines with level names, each in the envelope of the runtime that collects them."""

from __future__ import annotations

import json
import sys
import time
from contextvars import ContextVar

REQUEST: ContextVar[str] = ContextVar("request", default="")
"""Id of the request being answered; the runtime knows which invocation wrote a line."""


class Log:
    """Writes what the frontend logs, for one deployment."""

    def __init__(self, environment: str, version: str) -> None:
        self._environment = environment
        self._version = version

    def __call__(self, level: str, message: str, **context: object) -> None:
        """One line of pino's."""
        fields = {
            "level": level,
            "time": time.time_ns() // 1_000_000,
            "service": "next-app",
            "environment": self._environment,
            "version": self._version,
            "correlationId": REQUEST.get() or None,
            **context,
            "msg": message,
        }
        self.console(level, json.dumps(fields, separators=(",", ":"), ensure_ascii=False))

    def console(self, level: str, text: str) -> None:
        """Something a library or Next.js itself prints."""
        write({"requestId": REQUEST.get(), "level": level, "message": text})


def write(envelope: dict[str, object]) -> None:
    """One line for the runtime."""
    sys.stdout.write(json.dumps(envelope, ensure_ascii=False) + "\n")
    sys.stdout.flush()
