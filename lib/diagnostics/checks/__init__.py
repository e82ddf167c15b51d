"""Evidence to findings: pure functions, one module per subject."""

from diagnostics.checks import (
    capacity,
    durations,
    endpoints,
    environment,
    jobs,
    log,
    queue,
    redis,
    server,
    token,
    upstream,
    worker,
)

CHECKS = (
    *worker.CHECKS,
    *endpoints.CHECKS,
    *environment.CHECKS,
    *log.CHECKS,
    *token.CHECKS,
    *redis.CHECKS,
    *queue.CHECKS,
    *server.CHECKS,
    *jobs.CHECKS,
    *durations.CHECKS,
    *capacity.CHECKS,
    *upstream.CHECKS,
)

__all__ = ["CHECKS"]
