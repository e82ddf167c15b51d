"""The worker's log: pino's JSON lines since 2025-11-13, pretty text outside production, an own format before."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

LEVELS = {"debug": 20, "info": 30, "warn": 40, "error": 50}
COLOURS = {"debug": 34, "info": 32, "warn": 33, "error": 31}


class Log(Protocol):
    """One line per call. `context` comes before the event, as in production."""

    def __call__(self, level: str, event: str, message: str, *, error: str = "", **context: object) -> None: ...


def make_log(*, has_pino: bool, is_production: bool, level: str) -> Log:
    """The log of a release in an environment."""
    threshold = LEVELS.get(level, LEVELS["info"] if is_production else LEVELS["debug"])
    if not has_pino:
        return _SeedLog(threshold)
    return _PinoLog(threshold) if is_production else _PrettyLog(threshold)


def pino_fields(
    level: str, event: str, message: str, *, at_ms: int, error: str = "", context: Mapping[str, object]
) -> dict[str, object]:
    """The fields of one line, in their order."""
    fields: dict[str, object] = {"level": LEVELS[level], "time": at_ms, "service": "worker"}
    fields.update(context)
    fields["event"] = event
    if error:
        fields["err"] = {"type": "Object", "message": error, "stack": stack_of(error), "name": "Error"}
    fields["msg"] = message
    return fields


def stack_of(error: str) -> str:
    """A stack as Node prints it; the frames are the same for everybody."""
    return f"Error: {error}\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"


class _PinoLog:
    def __init__(self, threshold: int) -> None:
        self._threshold = threshold

    def __call__(self, level: str, event: str, message: str, *, error: str = "", **context: object) -> None:
        if LEVELS[level] >= self._threshold:
            at_ms = time.time_ns() // 1_000_000
            fields = pino_fields(level, event, message, at_ms=at_ms, error=error, context=context)
            _print(json.dumps(fields, separators=(",", ":"), ensure_ascii=False))


class _PrettyLog(_PinoLog):
    def __call__(self, level: str, event: str, message: str, *, error: str = "", **context: object) -> None:
        if LEVELS[level] < self._threshold:
            return
        now = datetime.now(UTC)
        stamp = f"{now:%H:%M:%S}.{now.microsecond // 1000:03d}"
        shown: dict[str, object] = {"service": "worker", **context, "event": event}
        if error:
            shown["err"] = {"type": "Object", "message": error, "name": "Error"}
        lines = [f"[{stamp}] \x1b[{COLOURS[level]}m{level.upper()}\x1b[39m: \x1b[36m{message}\x1b[39m"]
        lines += [f"    {key}: {json.dumps(value)}" for key, value in shown.items()]
        _print("\n".join(lines))


class _SeedLog:
    def __init__(self, threshold: int) -> None:
        self._threshold = threshold

    def __call__(self, level: str, event: str, message: str, *, error: str = "", **context: object) -> None:
        if LEVELS[level] < self._threshold:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        fields: dict[str, object] = {"timestamp": now, "level": level, "service": "worker", "message": message}
        fields |= {"event": event, **context}
        if error:
            fields["error"] = {"message": error, "stack": stack_of(error), "name": "Error"}
        _print(json.dumps(fields, separators=(",", ":")), is_error=level == "error")
        if event == "redis.retry":
            _print(f"[worker] Redis retry attempt {context['attempt']}, delay: {context['delay']}ms")
        if event == "redis.retry.exhausted":
            _print(f"[worker] {message}", is_error=True)


def _print(text: str, *, is_error: bool = False) -> None:
    stream = sys.stderr if is_error else sys.stdout
    stream.write(text + "\n")
    stream.flush()
