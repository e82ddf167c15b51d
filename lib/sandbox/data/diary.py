"""What the project's services said: the newest lines of each, as Supabase's logs keep them."""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

LINES_KEPT = 20_000


@dataclass(slots=True, kw_only=True)
class DiaryLine:
    """One line. `attributes` are named as in Supabase's logs."""

    source: str
    """`postgres_logs`, `postgrest_logs` or `edge_logs`."""
    severity: str
    message: str
    attributes: dict[str, str] = field(default_factory=dict)
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


Diary = deque[DiaryLine]
"""Oldest first."""


def new_diary() -> Diary:
    return deque(maxlen=LINES_KEPT)
