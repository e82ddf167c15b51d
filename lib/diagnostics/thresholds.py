"""The runbook's limits: each number once, with its unit and its source.

Every comparison is strictly greater, as the runbook writes it (`> 500`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from diagnostics.severity import Severity


@dataclass(frozen=True, slots=True)
class Limits:
    """A pair of limits in one unit; `warning` is `None` where the runbook knows only a critical one."""

    warning: float | None
    critical: float

    def judge(self, value: float | None) -> Severity:
        """Severity of `value`. Missing, NaN and negative values are UNKNOWN, never OK."""
        if value is None or math.isnan(value) or value < 0:
            return Severity.UNKNOWN
        if value > self.critical:
            return Severity.CRITICAL
        if self.warning is not None and value > self.warning:
            return Severity.WARNING
        return Severity.OK

    def crossed(self, value: float | None) -> float | None:
        """The highest limit that `value` exceeds; below all of them, the first."""
        is_beyond = value is not None and value > self.critical
        return self.critical if is_beyond or self.warning is None else self.warning


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """All limits of one run. Defaults are the runbook's."""

    queue_depth_jobs: Limits = Limits(500.0, 1000.0)
    """Ready and not started jobs (count). Source: runbook T2."""
    error_ratio: Limits = Limits(0.01, 0.05)
    """Failed share of finished work, 0-1. Source: runbook T1."""
    p95_s: Limits = Limits(2.0, 5.0)
    """95th percentile of response time (seconds). Source: runbook T3."""
    worker_down_s: Limits = Limits(None, 60.0)
    """Time since the worker's last proof of life (seconds). Source: runbook T4."""
    escalate_after_min: float = 15.0
    """Minutes from the start of the response to escalation. Source: runbook 1.E."""
