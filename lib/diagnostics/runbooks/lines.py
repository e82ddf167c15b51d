"""Every line of the written runbook, by its id, and what executes those that are no step of an incident.

Lines of diagnosis and solution are executed by the steps of the runbooks beside this module; here are their titles.
Source: the team's runbook, version 1.0.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. `findings` execute it where it is no step; `why_linked` says why a person must do it."""

    id: str
    title: str
    findings: tuple[str, ...] = ()
    why_linked: str = ""
    link: str = ""


_VENDORS = tuple(f"provider.{v}" for v in ("vercel", "railway", "upstash", "supabase", "sentry", "openrouter"))


def _line(name: str, title: str, *findings: str, why: str = "", link: str = "") -> Line:
    return Line(id=name, title=title, findings=findings, why_linked=why, link=link)


LINES: tuple[Line, ...] = (
    _line("C1", "Frontend (Vercel)", "frontend.site", "frontend.deployment"),
    _line("C2", "Worker (Railway)", "worker.health", "worker.deployment"),
    _line("C3", "Database (Supabase)", "database.reachable", "database.project"),
    _line("C4", "Redis (Upstash), job queue", "redis.connection", "queue.depth"),
    _line("C5", "Monitoring (Sentry)", "errors.issues", "errors.silence"),
    _line("1.S1", "Jobs accumulate in the queue", "queue.depth", "queue.baseline"),
    _line("1.S2", "The worker's health check returns an error", "worker.health"),
    _line("1.S3", "The worker's logs show errors connecting to Redis", "worker.errors", "worker.redis"),
    _line("1.D1", "Check the worker's status: /health and /metrics"),
    _line("1.D2", "Check the worker's logs"),
    _line("1.D3", "Check the queue's depth"),
    _line("1.A1", "Check the variables in Railway"),
    _line("1.A2", "Check Upstash's status"),
    _line("1.A3", "Restart the worker"),
    _line("1.B1", "Check the logs for processing errors"),
    _line("1.B2", "Raise concurrency"),
    _line("1.B3", "Check that the external APIs are available"),
    _line("1.E1", "Check the status of all services", *_VENDORS),
    _line(
        "1.E2",
        "Create an incident in Sentry",
        why="no API creates an incident; the event is prepared in every report, and a person sends it",
        link="https://world-wide-services.sentry.io",
    ),
    _line(
        "1.E3",
        "Notify the development team",
        why="people call people; contacts and hand-off are in every report, the runbook knows no address of the team",
        link="profiles/production.toml",
    ),
    _line("2.S1", "More than 1000 jobs in the queue", "queue.depth"),
    _line("2.S2", "The worker cannot keep up", "worker.capacity", "queue.drain"),
    _line("2.S3", "Latency grows", "jobs.duration", "queue.threshold_eta"),
    _line("2.D1", "Check the queue's depth"),
    _line("2.D2", "Check the worker's metrics"),
    _line("2.A1", "Raise concurrency to 50"),
    _line("2.A2", "Check whether jobs are stuck"),
    _line("2.A3", "Scale the worker to 3-4 replicas"),
    _line("2.L1", "Optimise slow jobs"),
    _line("2.L2", "Add rate limiting for external APIs"),
    _line("2.L3", "Consider priority queues"),
    _line("3.S1", "The site returns 503 or 502", "frontend.availability", "frontend.site"),
    _line("3.S2", "The health check endpoint does not answer", "frontend.health"),
    _line("3.S3", "Vercel shows deployment errors", "frontend.build", "frontend.deployment"),
    _line("3.D1", "Check the site's health endpoint"),
    _line("3.D2", "Check the latest deployment and its logs"),
    _line("3.D3", "Check the environment variables"),
    _line("3.A1", "Check the build errors"),
    _line("3.A2", "Redeploy by hand"),
    _line("3.B1", "Check that all required variables are present"),
    _line("3.B2", "Make sure that the values are correct"),
    _line("3.B3", "Run the deployment again"),
    _line("3.C1", "Check the connection to Supabase"),
    _line("3.C2", "Check Supabase's status"),
    _line("4.S1", "The health check shows database: error"),
    _line("4.S2", "The frontend cannot load data"),
    _line("4.S3", "The worker cannot process jobs that need the database"),
    _line("4.D1", "Check the health check"),
    _line("4.D2", "Check Supabase's status and resources"),
    _line("4.D3", "Check Supabase's logs"),
    _line("4.A1", "Check the variables"),
    _line("4.A2", "Check the connection pooler"),
    _line("4.B1", "Check the usage and the limits"),
    _line("4.B2", "Upgrade the plan, optimise the queries"),
    _line("4.C1", "Check slow queries"),
    _line("4.C2", "Optimise the indexes"),
    _line("4.C3", "Consider read replicas"),
    _line("5.S1", "Sentry shows a spike of errors", "errors.spike"),
    _line("5.S2", "Error rate above 1 % of the requests", "errors.rate"),
    _line("5.S3", "Critical errors appear often", "errors.issues"),
    _line("5.D1", "Check Sentry's issues by frequency"),
    _line("5.D2", "Analyse the errors"),
    _line("5.D3", "Check the error rate over time"),
    _line("5.A1", "Match the worker's logs with the errors"),
    _line("5.A2", "Fix the worker's code"),
    _line("5.B1", "Match Vercel's logs with the errors"),
    _line("5.B2", "Check the user context"),
    _line("5.B3", "Fix and deploy the frontend"),
    _line("5.C1", "Add retry logic"),
    _line("5.C2", "Improve error handling"),
    _line("5.C3", "Monitor the external APIs"),
    _line("M1", "Worker: jobs processed per minute"),
    _line("M2", "Worker: failed jobs rate"),
    _line("M3", "Worker: average processing time"),
    _line("M4", "Worker: queue depth"),
    _line("M5", "Frontend: error rate"),
    _line("M6", "Frontend: response time"),
    _line("M7", "Frontend: API endpoint availability"),
    _line("M8", "Database: connection pool usage"),
    _line("M9", "Database: query performance"),
    _line("M10", "Database: storage usage"),
    _line("M11", "Redis: connection status"),
    _line("M12", "Redis: queue depth"),
    _line("M13", "Redis: memory usage"),
    _line("T1", "Error rate: > 1 % warning, > 5 % critical", "jobs.failures", "errors.rate"),
    _line("T2", "Queue depth: > 500 warning, > 1000 critical", "queue.depth"),
    _line("T3", "Response time (p95): > 2 s warning, > 5 s critical", "frontend.latency", "errors.latency"),
    _line("T4", "Worker downtime: > 1 minute critical", "worker.health"),
    _line("K1", "Vercel Dashboard", link="https://vercel.com/dashboard"),
    _line("K2", "Railway Dashboard", link="https://railway.app"),
    _line("K3", "Supabase Dashboard", link="https://supabase.com/dashboard"),
    _line("K4", "Sentry Dashboard", link="https://world-wide-services.sentry.io"),
    _line("K5", "Upstash Console", link="https://console.upstash.com"),
    _line("P1", "Vercel Support", link="https://vercel.com/support"),
    _line("P2", "Railway Support", link="mailto:support@railway.app"),
    _line("P3", "Supabase Support", link="mailto:support@supabase.com"),
    _line("P4", "Sentry Support", link="mailto:support@sentry.io"),
)
