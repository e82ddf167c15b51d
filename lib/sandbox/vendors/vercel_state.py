"""What a test or a fault may change about Vercel's stand-in, and what the stand-in saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class VercelBody(Enum):
    """What becomes of an answer's body on its way out."""

    INTACT = "intact"
    HTML = "html"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, whether it was granted or not. `operation` is the method and the path's pattern."""

    operation: str
    query: Mapping[str, str]

    @property
    def is_write(self) -> bool:
        return not self.operation.startswith(("GET", "HEAD"))


@dataclass(slots=True, kw_only=True)
class VercelState:
    """Knobs of the transport, all off by default, and the journal."""

    status: int | None = None
    """Answer everything with this HTTP status instead of executing it."""
    retry_after_s: int | None = None
    """Seconds in `Retry-After`; a 429 always has the header and defaults to 30."""
    body: VercelBody = VercelBody.INTACT
    latency_s: float = 0.0
    per_minute: int = 600
    """Requests in one minute; beyond it: 429 until the minute is over."""
    stream_s: float = 300.0
    """How long a live log stays open."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Strings replaced throughout an answer: how an enum value nobody has heard of appears."""
    journal: list[Asked] = field(default_factory=list)

    @property
    def writes(self) -> tuple[str, ...]:
        """Operations received that change something, oldest first."""
        return tuple(each.operation for each in self.journal if each.is_write)

    def counts(self) -> Counter[str]:
        """How often each operation was asked for."""
        return Counter(each.operation for each in self.journal)
