"""Jobs fail, Sentry hears nothing of it, and its own status page says why."""

from sandbox.faults import errors_sentry_blind
from sandbox.faults.provider_outage import outage

FAULT = outage(
    errors_sentry_blind.FAULT,
    vendor="sentry",
    title="Events are not ingested",
    summary="jobs of two types fail, Sentry is empty and its status page tells of an outage",
    row="5.06",
)
