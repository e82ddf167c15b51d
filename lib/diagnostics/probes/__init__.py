"""Looks at the platform: I/O that observes and judges nothing, one module per subject."""

from diagnostics.probes import database, errors, frontend, history, queue, upstream, vendors, worker

PROBES = (
    *worker.PROBES,
    *queue.PROBES,
    *upstream.PROBES,
    *history.PROBES,
    *frontend.PROBES,
    *errors.PROBES,
    *vendors.PROBES,
    *database.PROBES,
)

__all__ = ["PROBES"]
