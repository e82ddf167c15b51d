"""Judgement of the queue against its own past."""

from __future__ import annotations

from diagnostics.checks.finding import TOO_LITTLE, blind, unread
from diagnostics.model import Finding
from diagnostics.readings import QueueState
from diagnostics.samples import HistoryBaseline
from diagnostics.scope import Scope
from diagnostics.seen import Seen
from diagnostics.severity import Severity
from diagnostics.text import text

FLOOR_JOBS = 100.0
"""A depth up to this is small, whatever was usual. Source: a fifth of the runbook's first limit (T2)."""
FACTOR = 3.0
"""Times the 95th percentile of the same hour last week from which a depth is unusual."""
FEWEST = 6
"""Samples of that hour below which nothing was usual."""
_COMMAND = (
    'sqlite3 -readonly "${RUNBOOK_HISTORY__PATH:-outputs/history.sqlite3}" '
    "\"SELECT datetime(start_ms / 1000, 'unixepoch'), low, last, high FROM rollup r JOIN series s ON s.id = r.series"
    " WHERE metric = 'queue.depth' AND width_ms = 3600000 ORDER BY start_ms DESC LIMIT 170\""
)


def check_queue_baseline(seen: Seen, scope: Scope) -> Finding:
    """Judge the depth against the same hour last week. WARNING at most: being unusual is no failure by itself.

    Returns: id "queue.baseline"; OK and `value` null when no history reaches back a week.
    Source: design 6, "judge change from baseline"; limits above.
    """
    usual, state = seen.reading(HistoryBaseline), seen.reading(QueueState)
    if usual is None:
        return blind("queue.baseline", seen, "history.baseline", command=_COMMAND)
    if usual.samples < FEWEST or usual.depth_p95 is None or usual.depth_median is None:
        return _too_little(seen, usual)
    if state is None:
        return blind("queue.baseline", seen, "queue.state", command=_COMMAND)
    now = state.now(usual.queue)
    is_nonsense = not usual.depth_p95 >= 0  # NaN fails the comparison too.
    if is_nonsense or now is None or not now.is_present or now.depth is None or now.depth < 0:
        return unread("queue.baseline", seen, "history.baseline", "queue.state", command=_COMMAND)
    limit = max(FLOOR_JOBS, FACTOR * usual.depth_p95)
    is_unusual = now.depth > limit
    return Finding(
        id="queue.baseline",
        severity=Severity.WARNING if is_unusual else Severity.OK,
        state="unusual" if is_unusual else "usual",
        sentence=text(
            "{depth} jobs ready in {queue}; a week ago at this hour {median:g}, at the 95th percentile {p95:g}",
            depth=now.depth,
            queue=usual.queue,
            median=usual.depth_median,
            p95=usual.depth_p95,
        ),
        value=float(now.depth),
        unit="jobs",
        threshold=limit,
        evidence=seen.ids("history.baseline", "queue.state"),
        command=_COMMAND,
    )


def _too_little(seen: Seen, usual: HistoryBaseline) -> Finding:
    return Finding(
        id="queue.baseline",
        severity=Severity.OK,
        state=TOO_LITTLE,
        sentence=text(
            "the history holds {count} samples of this hour last week: too few to compare", count=usual.samples
        ),
        evidence=seen.ids("history.baseline"),
        command=_COMMAND,
    )


CHECKS = (check_queue_baseline,)
