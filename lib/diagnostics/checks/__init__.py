"""Evidence to findings: pure functions, one module per subject."""

from diagnostics.checks import (
    baseline,
    brakes,
    capacity,
    durations,
    endpoints,
    environment,
    jobs,
    leftovers,
    log,
    orphans,
    plan,
    progress,
    queue,
    redis,
    server,
    token,
    upstream,
    variables,
    vendors,
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
    *progress.CHECKS,
    *brakes.CHECKS,
    *leftovers.CHECKS,
    *orphans.CHECKS,
    *server.CHECKS,
    *jobs.CHECKS,
    *durations.CHECKS,
    *capacity.CHECKS,
    *upstream.CHECKS,
    *baseline.CHECKS,
    *vendors.CHECKS,
    *plan.CHECKS,
    *variables.CHECKS,
)

__all__ = ["CHECKS"]
