"""What the vendors say of themselves: their status pages, and Upstash's account of our database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Indicator(Enum):
    """How bad a status page says it is; the words are Statuspage's, the other formats are mapped to them."""

    NONE = "none"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"
    """A word that we do not know: no good news and no bad news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorIncident:
    """An incident that a page lists as not resolved; words are the vendor's."""

    name: str
    status: str
    started_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorStatus:
    """One status page, whatever its format."""

    vendor: str
    indicator: Indicator
    incidents: tuple[VendorIncident, ...]
    affected: tuple[str, ...]
    """Names of components that are not in order."""
    updated_at: datetime | None = None
    """When the page itself was last changed, where it says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisPlan:
    """The database as its vendor accounts for it. `None` is what the answer did not hold; a limit of 0 is none."""

    state: str
    """`active`, `suspended` or `passive`; another word is kept as it came."""
    plan: str
    is_changing: bool
    used_bytes: int | None
    memory_limit_bytes: int | None
    commands_today: int | None
    commands_month: int | None
    request_limit: int | None
    """Commands that the plan allows; the vendor does not say in which span."""
