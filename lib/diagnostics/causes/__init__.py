"""Findings to causes: declarative rules, one module per component."""

from diagnostics.causes import database, errors, frontend, jobs, provider, queue, redis, traffic, worker

RULES = (
    *redis.RULES,
    *worker.RULES,
    *queue.RULES,
    *jobs.RULES,
    *traffic.RULES,
    *database.RULES,
    *frontend.RULES,
    *provider.RULES,
    *errors.RULES,
)

__all__ = ["RULES"]
