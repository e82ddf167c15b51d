"""Causes that look alike, and the cheapest test that tells them apart."""

from __future__ import annotations

from diagnostics.model import Cause
from diagnostics.text import Text, text

CLOSE = 0.2
"""Two causes this near in confidence are not yet told apart."""

_PAIRS: dict[frozenset[str], Text] = {
    frozenset({"redis.name_unresolved", "redis.unreachable"}): text(
        "read redis.lastError in /metrics: ENOTFOUND means the name, ECONNREFUSED or ETIMEDOUT the server"
    ),
    frozenset({"redis.unreachable", "worker.event_loop_blocked"}): text(
        "ask /metrics: if it answers at once, Redis is the trouble; if it hangs too, the event loop is"
    ),
    frozenset({"worker.environment_invalid", "worker.crash_loop"}): text(
        "read the last lines of the deployment's log: a list of paths means variables, a module name means the release"
    ),
    frozenset({"worker.down", "worker.crash_loop"}): text("read the last lines of the deployment's log in Railway"),
    frozenset({"worker.stalled_churn", "worker.event_loop_blocked"}): text(
        "ask /metrics ten times in ten seconds: a blocked loop leaves some without an answer, a short lock leaves none"
    ),
    frozenset({"queue.failed_pile", "jobs.poison_type"}): text(
        "look at the end of the newest failed job: minutes ago means that it goes on, days ago that it is over"
    ),
    frozenset({"worker.handlers_hung", "openrouter.down"}): text(
        "look at the active list: full and unchanged means that jobs hang, changing means that they fail and retry"
    ),
    frozenset({"worker.handlers_hung", "traffic.surge"}): text(
        "read the completed count of /metrics twice, a minute apart: unchanged means hung"
    ),
    frozenset({"worker.handlers_hung", "worker.not_consuming"}): text(
        "look at the active list: full means hung handlers, empty means that nothing is taken"
    ),
    frozenset({"worker.concurrency_too_low", "traffic.surge"}): text(
        "compare worker.concurrency in /health with JOB_CONCURRENCY as deployed before"
    ),
}
_WITHOUT_LOG = text("look at Railway → Worker Service → Logs: the last lines before it stopped name the reason")


def separator(causes: tuple[Cause, ...]) -> Text | None:
    """The next probe when two causes remain close, or when only the worker's absence is known."""
    if len(causes) >= 2 and causes[0].confidence - causes[1].confidence <= CLOSE:
        known = _PAIRS.get(frozenset({causes[0].id, causes[1].id}))
        if known:
            return known
    if causes and causes[0].id in ("worker.down", "unexplained"):
        return _WITHOUT_LOG
    return None
