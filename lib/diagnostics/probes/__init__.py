"""Looks at the platform: I/O that observes and judges nothing, one module per subject."""

from diagnostics.probes import database, history, queue, upstream, worker

PROBES = (*worker.PROBES, *queue.PROBES, *upstream.PROBES, *database.PROBES, *history.PROBES)

__all__ = ["PROBES"]
