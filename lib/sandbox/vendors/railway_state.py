"""What a test or a fault may change about Railway's stand-in, and what the stand-in saw."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class RailwayBody(Enum):
    """What becomes of an answer's body on its way out."""

    INTACT = "intact"
    HTML = "html"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformIncident:
    """What `platformStatus` tells while Railway itself is in trouble. `status` is Instatus's word."""

    id: str
    message: str
    status: str
    url: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One top-level field a client asked for, whether it was granted or not."""

    name: str
    kind: str
    """`query`, `mutation` or `subscription`."""


@dataclass(slots=True, kw_only=True)
class RailwayJournal:
    """Everything the stand-in was asked. A refused write is a write received."""

    operations: list[Operation] = field(default_factory=list)

    @property
    def writes(self) -> tuple[str, ...]:
        """Names of the mutations received, oldest first."""
        return tuple(each.name for each in self.operations if each.kind == "mutation")

    def counts(self) -> Counter[str]:
        """How often each operation was asked for."""
        return Counter(each.name for each in self.operations)


@dataclass(slots=True, kw_only=True)
class RailwayState:
    """Knobs of the transport, all off by default, and the journal."""

    status: int | None = None
    """Answer everything with this HTTP status instead of executing it."""
    retry_after_s: int | None = None
    """Seconds in `Retry-After`; a 429 always has the header and defaults to 30."""
    body: RailwayBody = RailwayBody.INTACT
    latency_s: float = 0.0
    hourly_requests: int = 10_000
    """Railway's Pro plan. Beyond it: 429 until the hour is over."""
    page_size: int = 100
    """Nodes in one page of a connection, however many were asked for."""
    one_line_more: bool = True
    """The real API returns limit + 1 lines; Railway's own client drops the oldest."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Strings replaced throughout an answer: how an enum value nobody has heard of appears."""
    incident: PlatformIncident | None = None
    journal: RailwayJournal = field(default_factory=RailwayJournal)
