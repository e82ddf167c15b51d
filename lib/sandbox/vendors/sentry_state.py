"""What a test or a fault may change about Sentry's stand-in, and what the stand-in saw."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import Enum

from sandbox.vendors.sentry_store import SentryStore


class SentryBody(Enum):
    """What becomes of an API answer's body on its way out."""

    INTACT = "intact"
    HTML = "html"
    TRUNCATED = "truncated"


@dataclass(slots=True, kw_only=True)
class SentryState:
    """One organisation with one project, its tokens, and the knobs, all off by default."""

    organization: str = "world-wide-services"
    project: str = "javascript-nextjs"
    project_id: int = 4_508_100_001
    public_key: str = field(default_factory=lambda: secrets.token_hex(16))
    token: str = field(default_factory=lambda: f"sntryu_{secrets.token_hex(32)}")
    """A user's token: may read everything here."""
    build_token: str = field(default_factory=lambda: f"sntrys_{secrets.token_urlsafe(48)}")
    """An organisation's token made for a build: it carries `org:ci` alone and can read nothing."""
    store: SentryStore = field(default_factory=SentryStore)
    is_quota_spent: bool = False
    """The plan takes no more errors this month; transactions are another quota."""
    is_key_active: bool = True
    status: int | None = None
    """Answer every API request with this HTTP status."""
    retry_after_s: int | None = None
    body: SentryBody = SentryBody.INTACT
    latency_s: float = 0.0
    page_size: int = 100
    """Rows in one page, however many were asked for."""
    has_spans_failure_rate: bool = True
    """Off: `failure_rate()` on spans is answered 500, as self-hosted 25.11 does (getsentry/sentry 103965)."""
    calls: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of every request, ingest included, oldest first."""

    @property
    def writes(self) -> tuple[str, ...]:
        """What the API, not the ingest, was asked to change."""
        return tuple(path for method, path in self.calls if method != "GET" and path.startswith("/api/0/"))

    def dsn(self, base_url: str) -> str:
        """The address SDKs send to, below the address where this is served."""
        scheme, _, rest = base_url.partition("://")
        return f"{scheme}://{self.public_key}@{rest}/{self.project_id}"
