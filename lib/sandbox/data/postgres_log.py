"""PostgreSQL's own log, line by line, as Supabase keeps it: one entry with its details, not five lines."""

from __future__ import annotations

import re
from collections.abc import Callable

from sandbox.data.diary import DiaryLine

# As the server's `log_line_prefix` has it: time, process, user, SQLSTATE.
_LINE = re.compile(r"^\S+ \S+ UTC \[(?P<pid>\d+)\] (?P<user>\S*) (?P<code>\w{5}) (?P<kind>[A-Z]+):  (?P<text>.*)$")
_DETAILS = {"DETAIL": "parsed.detail", "HINT": "parsed.hint", "STATEMENT": "parsed.query", "CONTEXT": "parsed.context"}


class PostgresLog:
    """Hears lines in their order; a detail belongs to the newest entry of its process."""

    def __init__(self, keep: Callable[[DiaryLine], None]) -> None:
        self._keep = keep
        self._newest: dict[str, DiaryLine] = {}
        self._last: tuple[DiaryLine, str] | None = None

    def hear(self, line: str) -> None:
        """Take one line of the server's output."""
        found = _LINE.match(line)
        if found is None:
            self._continue(line)
            return
        pid, kind, text = found["pid"], found["kind"], found["text"]
        if kind in _DETAILS:
            entry = self._newest.get(pid)
            if entry is not None:
                entry.attributes[_DETAILS[kind]] = text
                self._last = entry, _DETAILS[kind]
            return
        entry = DiaryLine(
            source="postgres_logs",
            severity=kind,
            message=text,
            attributes={
                "parsed.error_severity": kind,
                "parsed.sql_state_code": found["code"],
                "parsed.user_name": found["user"],
            },
        )
        self._newest[pid] = entry
        self._last = None
        self._keep(entry)

    def _continue(self, line: str) -> None:
        """A line of its own without a prefix goes on where the last detail ended."""
        if self._last is not None:
            entry, name = self._last
            entry.attributes[name] += f"\n{line.strip()}"
