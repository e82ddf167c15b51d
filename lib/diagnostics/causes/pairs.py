"""Causes that look alike, and the cheapest test that tells them apart."""

from __future__ import annotations

from diagnostics.model import Cause
from diagnostics.text import Text, text

CLOSE = 0.2
"""Two causes this near in confidence are not yet told apart."""

_TOKEN = text(
    "PING by REST with the token that is set on Railway: PONG means that it is right and time will tell, "
    "an error that it was rotated"
)
_PAIRS: dict[frozenset[str], Text] = {
    frozenset({"redis.name_unresolved", "redis.unreachable"}): text(
        "read redis.lastError in /metrics: ENOTFOUND means the name, ECONNREFUSED or ETIMEDOUT the server"
    ),
    frozenset({"redis.name_unresolved", "redis.name_flapping"}): text(
        "resolve the host of the worker's UPSTASH_REDIS_REST_URL from here: an address means that the worker's host is "
        "at fault, none that the name is"
    ),
    frozenset({"redis.credentials_rejected", "redis.auth_timeout"}): _TOKEN,
    frozenset({"database.slow_queries", "database.lock_contention"}): text(
        "count in pg_stat_activity: sessions that wait for a Lock mean contention, sessions that run mean slow queries"
    ),
    frozenset({"database.paused", "database.down"}): text(
        "open the project in Supabase: INACTIVE means paused, anything else that the server is in trouble"
    ),
    frozenset({"database.down", "observer.network"}): text(
        "look at the worker's newest failures: if they blame the database too, it is not this machine's network"
    ),
    frozenset({"database.pool_exhausted", "database.slots_full"}): text(
        "count the sessions in pg_stat_activity: near max_connections means the slots, few means the REST pool"
    ),
    frozenset({"database.pool_exhausted", "database.slow_queries"}): text(
        "look at the sessions of the REST interface in pg_stat_activity: active for seconds means slow statements, "
        "idle in a transaction or few means the pool"
    ),
    frozenset({"database.pool_exhausted", "database.lock_contention"}): text(
        "count in pg_stat_activity: sessions that wait for a Lock mean contention, none that only the pool is too small"
    ),
    frozenset({"database.schema_missing", "database.policy_denies"}): text(
        "ask information_schema.tables by SQL: not there means a migration, there means a grant or a policy"
    ),
    frozenset({"database.slow_queries", "openrouter.rate_limited"}): text(
        "read which types are slow and how many jobs are delayed: every type and few delayed means the database, "
        "one type and many delayed the rate limit"
    ),
    frozenset({"database.slow_queries", "traffic.surge"}): text(
        "compare avgProcessingTime in /metrics with an ordinary hour: longer means a slow dependency, "
        "equal means demand"
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
    frozenset({"frontend.bad_release", "redis.unreachable"}): text(
        "ask /api/health/ready of the site: 500 means the release, 200 while /api/health hangs means Redis"
    ),
    frozenset({"frontend.environment_missing", "frontend.public_variable_missing"}): text(
        "read database_error in /api/health: 'supabaseUrl is required.' means a NEXT_PUBLIC_ variable and a build; "
        "an API address that names the variable means one of the server"
    ),
    frozenset({"frontend.bad_release", "frontend.environment_missing"}): text(
        "read the function's log in Vercel: a module name means the release, the name of a variable means the variable"
    ),
    frozenset({"errors.release_regression", "errors.transient_upstream"}): text(
        "compare the issue's first event with the last deployment and with the provider's status page: the one it "
        "follows is the cause"
    ),
    frozenset({"errors.release_regression", "errors.retry_amplification"}): text(
        "count distinct jobs among the failures: few mean bad jobs that are tried again, many mean the release"
    ),
    frozenset({"errors.retry_amplification", "jobs.poison_type"}): text(
        "count distinct jobs among the failures: a handful means those jobs, many mean the whole type"
    ),
    frozenset({"errors.release_regression", "frontend.bad_release"}): text(
        "ask /api/health/ready of the site: 200 means that one route is broken, 500 that the release does not start"
    ),
    frozenset({"frontend.stale_connection", "redis.unreachable"}): text(
        "ask Redis from here: if it answers, the site's instances hold a dead connection"
    ),
}
_ALONE: dict[str, Text] = {
    "redis.auth_timeout": _TOKEN,
    "database.slow_queries": text(
        "look at Supabase → Query Performance: if no statement is slow there, the worker's host is short of "
        "processor time"
    ),
    "worker.down": text("look at Railway → Worker Service → Logs: the last lines before it stopped name the reason"),
    "monitoring.sentry_blind": text(
        "read the last error lines of Railway → Worker Service → Logs and of Vercel → Logs: they name what Sentry lacks"
    ),
    "unexplained": text(
        "read the newest error lines of Railway → Worker Service → Logs and of Vercel → Logs: they may name the reason"
    ),
}
"""For causes known by their consequences alone."""


def separator(causes: tuple[Cause, ...]) -> Text | None:
    """The next probe when two causes remain close, or when the first is known by its consequences alone."""
    suspects = [c for c in causes if c.id != "unexplained"]
    if len(suspects) >= 2 and suspects[0].confidence - suspects[1].confidence <= CLOSE:
        known = _PAIRS.get(frozenset({suspects[0].id, suspects[1].id}))
        if known:
            return known
    return _ALONE.get(causes[0].id) if causes else None
