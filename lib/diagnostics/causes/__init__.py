"""Findings to causes: declarative rules, one module per component."""

from diagnostics.causes import database, frontend, jobs, queue, redis, traffic, worker

RULES = (*redis.RULES, *worker.RULES, *queue.RULES, *jobs.RULES, *traffic.RULES, *database.RULES, *frontend.RULES)

__all__ = ["RULES"]
