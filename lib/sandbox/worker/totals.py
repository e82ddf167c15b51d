"""Counters of one replica since its start, with production's quirks."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

REMEMBERED_JOBS = 1000


def average(total: int, count: int) -> float:
    """A mean as JavaScript prints it: whole numbers without a point, nothing is 0."""
    mean = total / count if count else 0
    return int(mean) if mean == int(mean) else mean


@dataclass(slots=True, kw_only=True)
class TypeTotals:
    """Attempts of one job type. Times in ms."""

    completed: int = 0
    failed: int = 0
    total_ms: int = 0

    def payload(self) -> dict[str, object]:
        return {
            "completed": self.completed,
            "failed": self.failed,
            "totalTime": self.total_ms,
            "avgTime": average(self.total_ms, self.completed),
        }


@dataclass(slots=True, kw_only=True)
class Totals:
    """What `/metrics` tells. `failed` counts attempts, so every retry counts again."""

    total: int = 0
    completed: int = 0
    failed: int = 0
    processing: int = 0
    by_type: dict[str, TypeTotals] = field(default_factory=dict)
    recent_ms: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED_JOBS))
    longest_ms: int = 0
    shortest_ms: int = 0
    is_connected: bool = False
    last_error: str | None = None
    reconnects: int = 0
    started_at: float = field(default_factory=time.monotonic)

    @property
    def uptime_s(self) -> float:
        return time.monotonic() - self.started_at

    def begin(self) -> None:
        """An attempt started."""
        self.total += 1
        self.processing += 1

    def complete(self, name: str, duration_ms: int) -> None:
        """An attempt succeeded."""
        self.processing -= 1
        self.completed += 1
        self.shortest_ms = min(self.shortest_ms, duration_ms) if self.recent_ms else duration_ms
        self.longest_ms = max(self.longest_ms, duration_ms)
        self.recent_ms.append(duration_ms)
        totals = self.by_type.setdefault(name, TypeTotals())
        totals.completed += 1
        totals.total_ms += duration_ms

    def fail(self, name: str) -> None:
        """An attempt failed."""
        self.processing -= 1
        self.failed += 1
        self.by_type.setdefault(name, TypeTotals()).failed += 1
