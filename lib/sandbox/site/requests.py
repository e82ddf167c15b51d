"""The request log: what came to the edge, how it ended, and what the function printed meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

KEPT = 50_000
NEWEST = 100
"""Requests among which one that still waits is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """Something a function printed."""

    at: datetime
    level: str
    text: str


@dataclass(slots=True, kw_only=True)
class Row:
    """One request. `status` 0: not answered yet; `source` is Vercel's word for who answered."""

    id: str
    at: datetime
    deployment_id: str
    method: str
    path: str
    domain: str
    status: int = 0
    source: str = "serverless"
    printed: list[Printed] = field(default_factory=list)


class RequestLog:
    """Rows in order of arrival, the oldest dropped when there are too many."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._by_id: dict[str, Row] = {}
        self._early: dict[str, list[Printed]] = {}
        """What was printed while no request was being answered, by deployment."""
        self._listeners: set[asyncio.Queue[Row]] = set()

    @property
    def rows(self) -> Sequence[Row]:
        return self._rows

    def write_before(self, rows: Iterable[Row]) -> None:
        """Put older rows, themselves in order, before everything written so far."""
        self._rows[:0] = rows

    def begin(self, row: Row) -> None:
        """A request has come."""
        row.printed += self._early.pop(row.deployment_id, [])
        self._rows.append(row)
        self._by_id[row.id] = row
        if len(self._rows) > KEPT:
            for old in self._rows[: KEPT // 10]:
                self._by_id.pop(old.id, None)
            del self._rows[: KEPT // 10]

    def end(self, row: Row, status: int) -> None:
        """It was answered."""
        row.status = status
        for listener in self._listeners:
            listener.put_nowait(row)

    def printed(self, request_id: str, deployment_id: str, level: str, text: str) -> None:
        """A function printed something; without a known id it belongs to the request that waits for it, or the next."""
        line = Printed(at=datetime.now(UTC), level="warning" if level == "warn" else level, text=text)
        row = self._by_id.get(request_id) or next(
            (
                each
                for each in reversed(self._rows[-NEWEST:])
                if each.deployment_id == deployment_id and not each.status
            ),
            None,
        )
        (self._early.setdefault(deployment_id, []) if row is None else row.printed).append(line)

    async def follow(self) -> AsyncIterator[Row]:
        """Rows from now on, each when it is answered; never ends by itself."""
        listener: asyncio.Queue[Row] = asyncio.Queue()
        self._listeners.add(listener)
        try:
            while True:
                yield await listener.get()
        finally:
            self._listeners.discard(listener)
