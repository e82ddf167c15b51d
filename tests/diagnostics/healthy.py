"""A healthy platform as evidence, to be spoilt one reading at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.diagnostics.healthy_database import HEALTHY_DATABASE, OURS, TABLES
from tests.diagnostics.healthy_errors import HEALTHY_ERRORS

from diagnostics.checks import CHECKS
from diagnostics.judgement import conclude
from diagnostics.model import Cost, Diagnosis, Evidence, Failure, FailureKind, Finding, Status
from diagnostics.probes import PROBES
from diagnostics.readings import (
    Answer,
    Dependency,
    Deployment,
    FrontendHealth,
    Indicator,
    JobHistory,
    JobRow,
    JobRows,
    LogEvent,
    OpenRouterAccount,
    PathAnswers,
    QueueCounts,
    QueueEvents,
    QueueState,
    RailwayService,
    Reading,
    RedisConnection,
    RedisPlan,
    RedisServer,
    ReplicaSample,
    SiteAnswer,
    SiteConnection,
    SitePages,
    Symptom,
    Trouble,
    Variable,
    VendorIncident,
    VendorStatus,
    VercelDeployment,
    VercelDeployments,
    VercelRequests,
    VercelVariable,
    VercelVariables,
    WorkerHealth,
    WorkerLog,
    WorkerMetrics,
)
from diagnostics.records import Trailer
from diagnostics.runbooks import TRIAGE
from diagnostics.samples import HistoryBaseline, HistoryColumn, HistorySamples
from diagnostics.scope import Contact, Facts, Scope, Window
from diagnostics.seen import Seen
from diagnostics.text import text
from diagnostics.thresholds import Thresholds

NOW = datetime(2026, 1, 31, 3, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
QUEUE = "agent-jobs"
REQUIRED = ("UPSTASH_REDIS_REST_URL", "ENCRYPTION_KEY")
FACTS = Facts(
    worker_url="https://worker.example",
    railway_url="https://railway.example/graphql/v2",
    redis_host="redis.example",
    expected_replicas=2,
    queue_names=(QUEUE,),
    queue_orphans=("app-jobs",),
    dead_letter_queues=("agent-jobs-dlq",),
    required_variables=REQUIRED,
    supabase_url="https://supabase.example",
    supabase_ref="abcdefghijklmnopqrst",
    supabase_keys=("0d0d0d0d", OURS),
    supabase_tables=TABLES,
    frontend_url="https://site.example",
    frontend_pages=("/", "/login"),
    frontend_endpoints=("/api/agents",),
    frontend_variables=("SUPABASE_URL", "NEXT_PUBLIC_SUPABASE_URL"),
    vercel_url="https://vercel.example",
    vercel_project="prj_1",
    sentry_url="https://sentry.example",
    sentry_organization="acme",
    sentry_project="site",
    systems=(
        "worker",
        "redis",
        "railway",
        "openrouter",
        "supabase",
        "postgres",
        "prometheus",
        "history",
        "frontend",
        "vercel",
        "upstash_api",
        "status_pages",
        "sentry",
    ),
)
SCOPE = Scope(
    slug="triage",
    profile="test",
    facts=FACTS,
    now=NOW,
    window=Window(since=NOW - timedelta(hours=3), until=NOW),
    started_at=NOW,
    response_started_at=NOW,
    deadline_s=10.0,
    thresholds=Thresholds(),
    contacts=(Contact(name="Somebody", url="mailto:somebody@example.org"),),
)
TRAILER = Trailer(finished_at=NOW + timedelta(seconds=3), elapsed_s=3.0, spent=Cost(redis_commands=40), partial=False)


def ago(seconds: float) -> datetime:
    """The instant `seconds` before `NOW`."""
    return NOW - timedelta(seconds=seconds)


def ago_ms(seconds: float) -> int:
    """The same in epoch milliseconds."""
    return NOW_MS - round(seconds * 1000)


def health(**changes: Any) -> WorkerHealth:
    """A good answer of `/health`."""
    good = WorkerHealth(
        answer=Answer.OK,
        status_code=200,
        latency_s=0.02,
        clock_skew_s=0.1,
        uptime_s=86_400.0,
        redis_connected=True,
        concurrency=25,
        queue_name=QUEUE,
        processing_jobs=10,
    )
    return replace(good, **changes)


def unanswered(answer: Answer, status_code: int | None = None) -> WorkerHealth:
    """An answer of `/health` without a payload."""
    return WorkerHealth(answer=answer, status_code=status_code, latency_s=5.0)


def sample(**changes: Any) -> ReplicaSample:
    """One good answer of `/metrics`."""
    good = ReplicaSample(
        at=NOW,
        started_at=ago(86_400),
        attempts=5000,
        completed=4990,
        failed=5,
        processing=5,
        redis_connected=True,
        redis_symptom=None,
        redis_error="",
        reconnects=0,
        concurrency=25,
        queue_name=QUEUE,
        average_ms=2000.0,
    )
    return replace(good, **changes)


def metrics(*samples: ReplicaSample, **changes: Any) -> WorkerMetrics:
    """Answers of both replicas, or these."""
    told = samples or (sample(), sample(started_at=ago(80_000)))
    return replace(WorkerMetrics(answer=Answer.OK, status_code=200, samples=told), **changes)


def unanswered_metrics(answer: Answer, status_code: int | None = None) -> WorkerMetrics:
    """`/metrics` without a payload."""
    return WorkerMetrics(answer=answer, status_code=status_code)


def lost(symptom: Symptom) -> WorkerMetrics:
    """Both replicas have lost Redis and say why."""
    return metrics(
        sample(redis_connected=False, redis_symptom=symptom, reconnects=9),
        sample(redis_connected=False, redis_symptom=symptom, reconnects=8, started_at=ago(80_000)),
    )


def counts(**changes: Any) -> QueueCounts:
    """The main queue at work."""
    good = QueueCounts(
        name=QUEUE,
        is_present=True,
        is_paused=False,
        wait=3,
        paused=0,
        prioritized=0,
        delayed=0,
        active=10,
        completed=100,
        failed=5,
        last_id=9000,
        oldest_waiting_at=ago(1),
        newest_completed_at=ago(1),
        newest_failed_at=ago(600),
        active_without_lock=0,
        ended_between=0,
        waiting_children=0,
        limiter_ms=0,
        limiter_jobs=0,
    )
    return replace(good, **changes)


def queue(now: QueueCounts | None = None, before: QueueCounts | None = None, **changes: Any) -> QueueState:
    """The main queue now and two seconds before."""
    now = now or counts()
    before = before or replace(now, last_id=None if now.last_id is None else now.last_id - 2)
    state = QueueState(
        first=(before,),
        second=(now,),
        gap_s=2.0,
        found=(QUEUE,),
        scanned_keys=1000,
        scan_complete=True,
        total_keys=1000,
        fallback_keys=0,
        foreign_keys=0,
    )
    return replace(state, **changes)


def rows(*more: JobRow, **changes: Any) -> JobRows:
    """A hundred completed jobs of two seconds each, and `more`."""
    done = [
        JobRow(
            state="completed",
            name="crm:sync-contacts",
            added_ms=ago_ms(i + 4),
            started_ms=ago_ms(i + 3),
            finished_ms=ago_ms(i + 1),
        )
        for i in range(100)
    ]
    return replace(JobRows(queue=QUEUE, method="SORT_RO", rows=(*done, *more), is_sample=False), **changes)


def running(seconds: float, count: int = 1, *, name: str = "crm:sync-contacts") -> tuple[JobRow, ...]:
    """Rows of active jobs that started `seconds` ago."""
    return (
        JobRow(
            state="active",
            name=name,
            added_ms=ago_ms(seconds + 1),
            started_ms=ago_ms(seconds),
            finished_ms=None,
        ),
    ) * count


def line(seconds: float, event: str = "job.complete", **changes: Any) -> LogEvent:
    """One log line `seconds` ago."""
    level = changes.pop("level", "error" if changes.get("symptom") else "info")
    return LogEvent(at_ms=ago_ms(seconds), level=level, event=event, **changes)


def log(*more: LogEvent, done: int = 40, failed: int = 0, **changes: Any) -> WorkerLog:
    """A window's log: `done` completed and `failed` failed attempts in the last minutes, and `more`."""
    ended = [line(i * 2 + 1, "job.complete", job_name="crm:sync-contacts", duration_ms=2000.0) for i in range(done)]
    ended += [line(i * 2 + 2, "job.failed", job_name="crm:sync-contacts", symptom=Symptom.OTHER) for i in range(failed)]
    events = tuple(sorted([*ended, *more], key=lambda e: e.at_ms))
    return replace(WorkerLog(events=events, since_ms=ago_ms(10_800), until_ms=NOW_MS, is_truncated=False), **changes)


def service(**changes: Any) -> RailwayService:
    """Two replicas of a good release, all variables in place."""
    latest = Deployment(id="d1", status="SUCCESS", created_at=ago(90_000))
    good = RailwayService(
        name="gpt-agent-platform",
        replicas_wanted=2,
        replicas_running=2,
        instance_statuses=("RUNNING", "RUNNING"),
        restart_limit=10,
        latest=latest,
        is_stopped=False,
        deployments=(latest,),
        variables=(
            Variable(name="ENCRYPTION_KEY", length=64, shape="token", fingerprint="0a0a0a0a"),
            Variable(name="JOB_CONCURRENCY", length=2, shape="integer", fingerprint="", value="25"),
            Variable(
                name="UPSTASH_REDIS_REST_URL", length=30, shape="url", fingerprint="0b0b0b0b", host="redis.example"
            ),
        ),
    )
    return replace(good, **changes)


def deployed(status: str, **changes: Any) -> RailwayService:
    """The newest deployment in `status`."""
    latest = Deployment(id="d2", status=status, created_at=ago(300))
    return service(latest=latest, deployments=(latest,), **changes)


def kept(**changes: Any) -> HistorySamples:
    """Three samples of an empty queue, the newest 30 s ago."""
    depth = HistoryColumn(metric="queue.depth", label=QUEUE, value=(0.0, None, 0.0))
    made = HistorySamples(
        store="history", every_ms=30_000, at_ms=tuple(ago_ms(s) for s in (90, 60, 30)), columns=(depth,)
    )
    return replace(made, **changes)


def usual(**changes: Any) -> HistoryBaseline:
    """An hour last week in which 10 jobs were ready as a rule and 40 at times."""
    made = HistoryBaseline(
        queue=QUEUE,
        since_ms=ago_ms(7 * 86_400 + 1800),
        until_ms=ago_ms(7 * 86_400 - 1800),
        samples=12,
        depth_median=10.0,
        depth_p95=40.0,
        arrivals_per_min_median=90.0,
    )
    return replace(made, **changes)


VENDORS = ("vercel", "railway", "supabase", "upstash", "sentry", "openrouter")


def page(vendor: str, indicator: Indicator = Indicator.NONE, *incidents: str) -> VendorStatus:
    """A status page, with incidents of these names."""
    told = tuple(VendorIncident(name=name, status="investigating", started_at=ago(600)) for name in incidents)
    return VendorStatus(vendor=vendor, indicator=indicator, incidents=told, affected=())


def plan(**changes: Any) -> RedisPlan:
    """A database with room in its plan."""
    good = RedisPlan(
        state="active",
        plan="free",
        is_changing=False,
        used_bytes=10,
        memory_limit_bytes=100,
        commands_today=1000,
        commands_month=20_000,
        request_limit=500_000,
    )
    return replace(good, **changes)


def path(name: str = "/", **changes: Any) -> PathAnswers:
    """Three good answers of one path of the site."""
    kind = "ready" if name.endswith("/ready") else "endpoint" if name.startswith("/api") else "page"
    good = PathAnswers(
        path=name,
        kind=kind,
        answer=SiteAnswer.OK,
        asked=3,
        failed=0,
        status_code=200,
        latencies_s=(0.2, 0.1, 0.1),
        is_edge_seen=True,
    )
    return replace(good, **changes)


def failing(name: str, answer: SiteAnswer = SiteAnswer.EDGE_ERROR, **changes: Any) -> PathAnswers:
    """The same path, failing each time."""
    told = {"answer": answer, "failed": 3, "status_code": 500, "edge_code": "FUNCTION_INVOCATION_FAILED"}
    return path(name, **{**told, **changes})


PATHS = ("/", "/login", "/api/agents", "/api/health/ready")


def pages(*changed: PathAnswers) -> SitePages:
    """Every path of the site, good but for `changed`."""
    told = {p.path: p for p in (*map(path, PATHS), *changed)}
    return SitePages(paths=tuple(told.values()))


def connection(**changes: Any) -> SiteConnection:
    """Name, port and certificate of the site in order."""
    good = SiteConnection(
        host="site.example",
        addresses=2,
        dns_s=0.01,
        tcp_s=0.02,
        tls_s=0.03,
        certificate_ends_at=NOW + timedelta(days=60),
    )
    return replace(good, **changes)


def site_health(**changes: Any) -> FrontendHealth:
    """The health page on a good day: without REDIS_URL it calls itself degraded."""
    good = FrontendHealth(
        answer=SiteAnswer.OK,
        status_code=200,
        latency_s=0.3,
        is_newer_form=True,
        overall_status="degraded",
        database=Dependency(status="ok"),
        redis=Dependency(status="skipped"),
        rate_limit=Dependency(status="ok"),
        queue=Dependency(status="error", trouble=Trouble.NOT_CONFIGURED),
        openrouter=Dependency(status="ok"),
        service_answer=SiteAnswer.OK,
        service_database=Dependency(status="ok"),
        service_latency_s=0.2,
    )
    return replace(good, **changes)


def broken(trouble: Trouble) -> Dependency:
    """A dependency that fails for this reason."""
    return Dependency(status="error", trouble=trouble)


def release(name: str = "dpl_1", *, seconds: float = 90_000, **changes: Any) -> VercelDeployment:
    """A deployment of `seconds` ago that is ready."""
    good = VercelDeployment(id=name, state="READY", created_at=ago(seconds), ready_at=ago(seconds - 60))
    return replace(good, **changes)


def releases(**changes: Any) -> VercelDeployments:
    """Two releases of the site, the newer one serving since yesterday."""
    good = VercelDeployments(serving=release(), deployments=(release(), release("dpl_0", seconds=180_000)))
    return replace(good, **changes)


def variables(*changed: VercelVariable, **changes: Any) -> VercelVariables:
    """The site's variables, all older than the serving release."""
    told = {v.name: v for v in (*map(variable, FACTS.frontend_variables), *changed)}
    return replace(VercelVariables(variables=tuple(told.values())), **changes)


def variable(name: str, *, seconds: float = 200_000, **changes: Any) -> VercelVariable:
    """One variable, changed `seconds` ago."""
    good = VercelVariable(name=name, targets=("production",), kind="encrypted", updated_at=ago(seconds))
    return replace(good, **changes)


def requests(failed: int = 0, *, of: int = 100, route: str = "/api/agents", **changes: Any) -> VercelRequests:
    """The request log: one request a second, the newest `failed` of them with 500."""
    at = tuple(ago_ms(of - n) for n in range(of))
    status = tuple(500 if n >= of - failed else 200 for n in range(of))
    good = VercelRequests(
        is_read=True,
        since_ms=ago_ms(10_800),
        until_ms=NOW_MS,
        routes=(route,),
        at_ms=at,
        route=(0,) * of,
        status=status,
        trouble=("",) * of,
    )
    return replace(good, **changes)


HEALTHY: Mapping[str, Reading] = {
    "worker.health": health(),
    "worker.metrics": metrics(),
    "railway.service": service(),
    "worker.log": log(),
    "redis.connection": RedisConnection(latency_s=0.01, commands=1),
    "queue.state": queue(),
    "queue.jobs": rows(
        *running(1, 10),
        history=JobHistory(
            queue=QUEUE,
            newest_ms=ago_ms(1),
            step_ms=(1000, 0),
            wait_ms=(5, 7),
            run_ms=(2000, -1),
            has_failed=(False, True),
            kept_jobs=2,
            since_ms=ago_ms(10_800),
            is_cut=False,
        ),
    ),
    "queue.events": QueueEvents(queue=QUEUE, at_ms=(NOW_MS,), kind=("completed",), complete_since_ms=NOW_MS),
    "redis.server": RedisServer(used_bytes=10, limit_bytes=100, policy="noeviction", connected_clients=None),
    "openrouter.account": OpenRouterAccount(models=None, key_symptom=None, credit_left_usd=20.0, latency_s=0.1),
    **HEALTHY_DATABASE,
    **HEALTHY_ERRORS,
    "history.samples": kept(),
    "history.baseline": usual(),
    "prometheus.samples": kept(store="prometheus"),
    "redis.plan": plan(),
    **{f"provider.{vendor}": page(vendor) for vendor in VENDORS},
    "frontend.site": connection(),
    "frontend.health": site_health(),
    "frontend.pages": pages(),
    "vercel.deployments": releases(),
    "vercel.variables": variables(),
    "vercel.logs": requests(),
}
SYSTEM_OF = {probe.name: probe.system for probe in PROBES}


def evidence(probe: str, what: Reading | FailureKind | None) -> Evidence:
    """What `probe` brought back: a reading, a failure of a kind, or nothing to see."""
    failure, reading, status = None, None, Status.NO_DATA
    if isinstance(what, FailureKind):
        is_skipped = what in (FailureKind.NOT_CONFIGURED, FailureKind.CREDENTIALS_MISSING)
        status = Status.SKIPPED if is_skipped else Status.FAILED
        failure = Failure(kind=what, why=text("why {kind}", kind=what.value), regain=text("how to regain it"))
    elif what is not None:
        reading, status = what, Status.OBSERVED
    return Evidence(
        id=probe,
        probe=probe,
        source=SYSTEM_OF[probe],
        observed_at=NOW,
        status=status,
        reading=reading,
        failure=failure,
    )


Changes = Mapping[str, Reading | FailureKind | None]


def collected(changes: Changes = {}) -> tuple[Evidence, ...]:
    """Evidence of all probes, healthy but for `changes`."""
    assert set(changes) <= set(HEALTHY), "only probes that exist can bring something back"
    return tuple(evidence(probe, {**HEALTHY, **changes}[probe]) for probe in HEALTHY)


def public(changes: Changes = {}) -> tuple[Evidence, ...]:
    """The same with the worker's address alone in the profile."""
    hidden = {p: FailureKind.NOT_CONFIGURED for p, system in SYSTEM_OF.items() if system != "worker"}
    return collected({**hidden, **changes})


def seen(changes: Changes = {}) -> Seen:
    """The same for a check to look at."""
    return Seen(collected(changes))


def found(check: str, changes: Changes = {}, scope: Scope = SCOPE) -> Finding:
    """What the check with this id says of a platform healthy but for `changes`."""
    (run,) = [c for c in CHECKS if c.__name__ == "check_" + check.replace(".", "_")]
    finding = run(seen(changes), scope)
    assert finding.id == check
    return finding


def diagnosed(evidence: tuple[Evidence, ...], scope: Scope = SCOPE, trailer: Trailer = TRAILER) -> Diagnosis:
    """The verdict over all checks; a bug in one raises."""
    return conclude(TRIAGE, scope, evidence, trailer, raise_bugs=True)
