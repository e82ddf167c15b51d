"""Findings to causes: declarative rules, one module per component."""

from diagnostics.causes import jobs, queue, redis, traffic, worker

RULES = (*redis.RULES, *worker.RULES, *queue.RULES, *jobs.RULES, *traffic.RULES)

__all__ = ["RULES"]
