"""The incidents that can be diagnosed, declared as data."""

from difflib import get_close_matches

from diagnostics.errors import SettingsError
from diagnostics.model import Runbook
from diagnostics.runbooks import (
    database_unavailable,
    frontend_unavailable,
    glance,
    high_error_rate,
    queue_overflow,
    triage,
    worker_not_processing,
)

RUNBOOKS = (
    worker_not_processing.RUNBOOK,
    queue_overflow.RUNBOOK,
    frontend_unavailable.RUNBOOK,
    database_unavailable.RUNBOOK,
    high_error_rate.RUNBOOK,
)
TRIAGE = triage.RUNBOOK
GLANCE = glance.RUNBOOK


def by_slug(slug: str) -> Runbook:
    """The runbook of `slug`, or what `triage` and `queue` look at. Raises SettingsError with the nearest match."""
    known = {r.slug: r for r in (*RUNBOOKS, TRIAGE, GLANCE)}
    if slug in known:
        return known[slug]
    close = get_close_matches(slug, known, n=1, cutoff=0.4)
    hint = f"did you mean {close[0]!r}?" if close else f"known incidents: {', '.join(r.slug for r in RUNBOOKS)}"
    raise SettingsError(f"incident {slug!r} is not known; {hint}")


__all__ = ["GLANCE", "RUNBOOKS", "TRIAGE", "by_slug"]
