"""What the queue itself allows, however many slots there are: jobs at once, and jobs in a while."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.readings import QueueCounts
from diagnostics.text import Text, text
from diagnostics.trends.estimate import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """The limits in the queue's own settings; `None` where it sets none. A worker's own limit is written nowhere."""

    queue: str
    active_jobs: int | None = None
    """Jobs all workers together may have active."""
    window_jobs: int | None = None
    """Jobs that may be begun in one window."""
    window_s: float = 1.0

    @property
    def per_s(self) -> float | None:
        """Jobs per second that may be begun."""
        return None if self.window_jobs is None or self.window_s <= 0 else self.window_jobs / self.window_s

    def usable(self, slots: int) -> int:
        """Of so many slots those that may be used at once."""
        return slots if self.active_jobs is None else min(slots, self.active_jobs)

    def limited(self, output: Estimate) -> Estimate:
        """`output` (jobs/s), or what may be begun where that is less."""
        most = self.per_s
        if most is None or output.value <= most:
            return output
        return Estimate(value=most, low=min(output.low, most), high=most, how=self.rate_told())

    def rate_told(self) -> Text:
        """The rate limit in words."""
        return text(
            "{queue} begins at most {max} jobs in {window:g} s",
            queue=self.queue,
            max=self.window_jobs or 0,
            window=self.window_s,
        )

    def active_told(self) -> Text:
        """The limit on active jobs in words."""
        return text(
            "{queue} allows {limit} active jobs for all workers together", queue=self.queue, limit=self.active_jobs or 0
        )


def cap_of(counts: QueueCounts) -> Cap:
    """The limits of one queue. Source: `concurrency`, `max` and `duration` in BullMQ's `meta`."""
    has_rate = bool(counts.rate_max_jobs and counts.rate_window_ms)
    return Cap(
        queue=counts.name,
        active_jobs=counts.concurrency_limit or None,
        window_jobs=counts.rate_max_jobs if has_rate else None,
        window_s=(counts.rate_window_ms or 1000) / 1000,
    )
