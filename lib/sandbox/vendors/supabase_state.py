"""What a test or a fault may change about Supabase's management API, and what it was asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class SupabaseState:
    """Knobs of the transport, all off by default, and the journal."""

    status: int | None = None
    """Answer everything with this HTTP status."""
    body: str = ""
    """`html` or `truncated`: what becomes of an answer's body on its way out."""
    latency_s: float = 0.0
    per_minute: int = 120
    """Requests a user may make in a minute."""
    calls: Counter[str] = field(default_factory=Counter)
    """Requests received so far, refused ones included, as `METHOD path` with `{ref}` in it."""

    @property
    def writes(self) -> tuple[str, ...]:
        """What would have changed something; the read-only query and the advisors are no writes."""
        harmless = ("/database/query/read-only", "/advisors/run")
        return tuple(each for each in self.calls if not each.startswith("GET ") and not each.endswith(harmless))
