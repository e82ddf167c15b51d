"""Findings to causes: declarative rules, one module per component."""

from diagnostics.causes import database, jobs, queue, redis, traffic, worker

RULES = (*redis.RULES, *worker.RULES, *queue.RULES, *jobs.RULES, *traffic.RULES, *database.RULES)

__all__ = ["RULES"]
