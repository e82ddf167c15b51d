"""Evidence to findings: pure functions, one module per subject."""

from diagnostics.checks import baseline, capacity, endpoints, environment, jobs, log, queue, redis, upstream, worker

CHECKS = (
    *worker.CHECKS,
    *endpoints.CHECKS,
    *environment.CHECKS,
    *log.CHECKS,
    *redis.CHECKS,
    *queue.CHECKS,
    *jobs.CHECKS,
    *capacity.CHECKS,
    *upstream.CHECKS,
    *baseline.CHECKS,
)

__all__ = ["CHECKS"]
