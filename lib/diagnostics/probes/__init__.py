"""Looks at the platform: I/O that observes and judges nothing, one module per subject."""

from diagnostics.probes import errors, frontend, history, queue, upstream, worker

PROBES = (
    *worker.PROBES,
    *queue.PROBES,
    *upstream.PROBES,
    *history.PROBES,
    *frontend.PROBES,
    *errors.PROBES,
)

__all__ = ["PROBES"]
