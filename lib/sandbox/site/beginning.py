"""How the project begins: a deployment of the day before, and the one that serves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sandbox.frontend.releases import HEAD, PREVIOUS
from sandbox.site.site import Site

DAY_BEFORE = timedelta(hours=26)
LONG_BEFORE = timedelta(days=30)
"""When the project's variables were set."""


def begin_site(site: Site, *, at: datetime | None = None) -> None:
    """Deploy HEAD, now or (for a sandbox with a past) as if at `at`; a rollback has somewhere to go."""
    site.remember(PREVIOUS, (at or datetime.now(UTC)) - DAY_BEFORE)
    if at is None:
        site.deploy(HEAD)
    else:
        site.begin_with(site.remember(HEAD, at))
