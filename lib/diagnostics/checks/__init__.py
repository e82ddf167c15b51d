"""Evidence to findings: pure functions, one module per subject."""

from diagnostics.checks import (
    brakes,
    capacity,
    endpoints,
    environment,
    jobs,
    leftovers,
    log,
    orphans,
    progress,
    queue,
    redis,
    upstream,
    worker,
)

CHECKS = (
    *worker.CHECKS,
    *endpoints.CHECKS,
    *environment.CHECKS,
    *log.CHECKS,
    *redis.CHECKS,
    *queue.CHECKS,
    *progress.CHECKS,
    *brakes.CHECKS,
    *leftovers.CHECKS,
    *orphans.CHECKS,
    *jobs.CHECKS,
    *capacity.CHECKS,
    *upstream.CHECKS,
)

__all__ = ["CHECKS"]
