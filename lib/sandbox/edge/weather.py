"""What may be wrong with the road between a client and its database."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Weather:
    """Read by every connection at every chunk; changed by faults."""

    latency_s: float = 0.0
    """Added to every request."""
    is_stalled: bool = False
    """Connections are accepted, nothing is ever answered."""
    late: set[str] = field(default_factory=set)
    """Clients whose tokens the edge cannot check in time, right as they are."""
