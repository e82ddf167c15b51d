"""Each read over HTTP that the contract suite puts through the same failures, and an answer it accepts.

To add a client, write one function `(http, address) -> reading` that asks as a probe does, with `SECRET` for a
credential and `TIMEOUT_S` for patience, and one row of `READS`: a small answer it reads well (`good`), the path of a
field in it that it cannot do without (`needs`), and what of its failures is something seen rather than a failure to
look (`observes`, `observes_silence`). Where an answer holds an enumeration, `unknown` puts a word into it that the
vendor has not invented yet and says what the reading must then be. The suite does the rest.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from diagnostics.budget import Budget
from diagnostics.clients.http import Http
from diagnostics.clients.openrouter import read_account
from diagnostics.clients.prometheus import read_range
from diagnostics.clients.railway import read_service
from diagnostics.clients.sentry import Sentry
from diagnostics.clients.site_health import read_frontend_health
from diagnostics.clients.status_pages import read_status
from diagnostics.clients.supabase import Management, read_project
from diagnostics.clients.supabase_logs import read_logs
from diagnostics.clients.supabase_rest import Gate, read_description
from diagnostics.clients.systems import Systems
from diagnostics.clients.upstash import RestAddress, UpstashReader
from diagnostics.clients.upstash_api import read_plan
from diagnostics.clients.vercel import read_deployments, read_variables
from diagnostics.clients.worker import read_health, read_metrics
from diagnostics.errors import SchemaError
from diagnostics.profile import PrometheusSection, RailwaySection, SentrySection, UpstashApiSection, VercelSection
from diagnostics.question import ask
from diagnostics.readings import Indicator
from diagnostics.scope import Window
from diagnostics.settings import load

SECRET = "canary-of-the-contract-suite"
TIMEOUT_S = 0.5
PATIENT_S = 1.6
"""The worker's silence is an observation, which a shorter wait would not prove."""
HEALTH = {
    "status": "ok",
    "uptime": 12.5,
    "redis": {"connected": True, "error": None},
    "worker": {"concurrency": 25, "queueName": "agent-jobs", "jobsProcessing": 3},
}
METRICS = {
    "jobs": {"total": 5, "completed": 4, "failed": 1, "processing": 0},
    "redis": {"connected": True},
    "worker": {"uptime": 1.5, "concurrency": 25, "queueName": "agent-jobs"},
}
DEPLOYMENT = {
    "id": "d-1",
    "status": "SUCCESS",
    "createdAt": "2026-01-26T09:00:00.000Z",
    "deploymentStopped": False,
    "instances": [{"id": "i-1", "status": "RUNNING"}],
}
SERVICE = {
    "data": {
        "serviceInstance": {"serviceName": "worker", "latestDeployment": DEPLOYMENT},
        "deployments": {"edges": []},
    }
}
KEY = {"data": {"limit_remaining": 12.5}}
RANGE = {
    "status": "success",
    "data": {"resultType": "matrix", "result": [{"metric": {"instance": "a"}, "values": [[1_790_000_000, "7"]]}]},
}
REPLY = [{"result": base64.b64encode(b"7").decode()}]
STATUSPAGE = {
    "page": {"id": "x", "name": "Vercel", "updated_at": "2026-01-26T09:05:00Z"},
    "status": {"indicator": "major", "description": "Partial outage"},
    "components": [{"name": "Builds", "status": "partial_outage", "group": False}],
    "incidents": [{"name": "Builds fail", "status": "identified", "created_at": "2026-01-26T08:50:00Z"}],
}
INSTATUS = {
    "page": {"name": "Railway", "status": "HASISSUES"},
    "activeIncidents": [{"name": "Deploys hang", "status": "INVESTIGATING", "impact": "MAJOROUTAGE"}],
}
DATADOG = {
    "components": [{"name": "API", "status": "degraded", "components": [{"name": "Chat", "status": "degraded"}]}],
    "incidents": [{"title": "Slow answers", "currentStatus": "monitoring", "resolved": False}],
}
PLAN = {
    "state": "active",
    "type": "payg",
    "db_memory_threshold": 100,
    "db_request_limit": 1000,
    "daily_net_commands": 10,
    "current_storage": 5,
}
"""One body for both requests: the database and its usage."""
SITE = {"status": "ok", "database": "ok", "redis": "skipped", "overall_status": "healthy"}
"""One body for both health pages."""
RELEASES = {
    "id": "prj_1",
    "targets": {"production": {"id": "dpl_1", "alias": []}},
    "deployments": [{"uid": "dpl_1", "readyState": "READY", "createdAt": 1_764_062_400_000}],
}
"""One body for both requests: the project and its deployments."""
VARIABLES = {"envs": [{"key": "A", "type": "encrypted", "target": ["production"]}]}
Key = str | int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A word nobody has heard yet at `path` of the good answer, and what the reading must then satisfy."""

    path: tuple[Key, ...]
    word: str
    holds: Callable[[Any], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One read, the answer it accepts, and a field that it cannot do without."""

    name: str
    call: Callable[[Http, str], Awaitable[Any]]
    good: Any
    needs: tuple[Key, ...]
    observes: frozenset[int] = frozenset()
    """Statuses that are no failure to look but something seen."""
    observes_silence: bool = False
    drifts: type[SchemaError] | None = None
    """For a system whose statuses are a closed list: any other one is drift."""
    unknown: tuple[Unknown, ...] = ()
    is_nullable: bool = False
    """The needed field may be null, which says something else than its absence."""

    @property
    def value(self) -> object:
        """What the needed field holds."""
        return _inner(self.good, self.needs)[self.needs[-1]]

    def body(self) -> bytes:
        return json.dumps(self.good).encode()

    def with_more(self) -> bytes:
        """The good answer with a new field in each of its objects."""
        return json.dumps(_more(self.good)).encode()

    def without(self) -> bytes:
        """The good answer less the needed field."""
        copy = deepcopy(self.good)
        del _inner(copy, self.needs)[self.needs[-1]]
        return json.dumps(copy).encode()

    def having(self, path: tuple[Key, ...], value: object) -> bytes:
        """The good answer with `value` at `path`."""
        copy = deepcopy(self.good)
        _inner(copy, path)[path[-1]] = value
        return json.dumps(copy).encode()


def _inner(answer: Any, path: tuple[Key, ...]) -> Any:
    for key in path[:-1]:
        answer = answer[key]
    return answer


def _more(value: Any) -> Any:
    if isinstance(value, dict):
        return {**{key: _more(inner) for key, inner in value.items()}, "brandNew": "x"}
    return [_more(inner) for inner in value] if isinstance(value, list) else value


async def _railway(http: Http, url: str) -> Any:
    section = RailwaySection(base_url=url, project_id="p", environment_id="e", service_id="s")
    now = datetime.now(UTC)
    return await read_service(http, section, SECRET, since=now, until=now, timeout_s=TIMEOUT_S)


async def _upstash(http: Http, url: str) -> Any:
    address = RestAddress(url=url, token=SECRET)
    (reply,) = await UpstashReader(http, address, budget=Budget(), timeout_s=TIMEOUT_S).read(("GET", "a"))
    return reply


async def _prometheus(http: Http, url: str) -> Any:
    return await read_range(systems(http), PrometheusSection(base_url=url), SECRET)


async def _plan(http: Http, url: str) -> Any:
    section = UpstashApiSection(base_url=url, database_id="d")
    return await read_plan(http, section, ("a@example.org", SECRET), host="", timeout_s=TIMEOUT_S)


def _sentry(what: str) -> Callable[[Http, str], Awaitable[Any]]:
    async def read(http: Http, url: str) -> Any:
        section = SentrySection(base_url=url, organization="acme", project="site")
        window = Window(since=datetime.now(UTC) - timedelta(hours=3), until=datetime.now(UTC))
        sentry = Sentry(http=http, section=section, token=SECRET, window=window, timeout_s=TIMEOUT_S)
        return await getattr(sentry, what)()

    return read


async def _releases(http: Http, url: str) -> Any:
    return await read_deployments(http, VercelSection(base_url=url, project_id="p"), SECRET, timeout_s=TIMEOUT_S)


async def _site_variables(http: Http, url: str) -> Any:
    return await read_variables(http, VercelSection(base_url=url, project_id="p"), SECRET, timeout_s=TIMEOUT_S)


def _management(http: Http, url: str) -> Management:
    return Management(http, url, "abcdefghijklmnopqrst", SECRET, TIMEOUT_S)


async def _logs(http: Http, url: str) -> Any:
    now = datetime(2026, 1, 26, 9, tzinfo=UTC)
    return await read_logs(_management(http, url), now - timedelta(hours=1), now)


def _page(vendor: str) -> Callable[[Http, str], Awaitable[Any]]:
    return lambda http, url: read_status(http, url, vendor, timeout_s=TIMEOUT_S)


def _is_unknown(status: Any) -> bool:
    return status.indicator is Indicator.UNKNOWN


def systems(http: Http) -> Systems:
    """What probes may call, around `http` and a profile that knows nothing but its name."""
    profile = Path(__file__).with_name("bare.toml")
    settings = load(str(profile), environ={}, root=profile.parent, folders=())
    now = datetime.fromtimestamp(1_790_000_000, UTC)
    scope = ask("triage", settings, now=now + timedelta(minutes=1))
    return Systems(settings=settings, scope=scope, http=http, budget=Budget(), timeout_s=TIMEOUT_S)


ISSUE = {
    "id": "7",
    "shortId": "SITE-7",
    "title": "TypeError: no",
    "culprit": "GET /api/agents",
    "level": "error",
    "substatus": "ongoing",
    "metadata": {"type": "TypeError", "value": "no"},
    "count": "12",
    "userCount": 0,
    "firstSeen": "2026-01-26T08:00:00Z",
    "lastSeen": "2026-01-26T09:00:00Z",
}
SPANS = {"data": [{"count()": 5, "failure_rate()": 0.2, "p50(span.duration)": 1.0, "transaction": "GET /"}], "meta": {}}
_WORKER_SEEN = frozenset({404, 500, 502, 504})

LOG_LINES = {
    "result": [
        {"timestamp": "2026-01-26T08:59:01.5", "source": "postgres_logs", "event_message": "too many clients already"}
    ]
}
TABLES = {"definitions": {"agents": {"properties": {"id": {"format": "uuid"}}}}}
_DATABASE_SEEN = frozenset({401, 402, 403, 502, 503, 504})

READS: tuple[Read, ...] = (
    Read(
        name="worker health",
        call=lambda http, url: read_health(http, url, timeout_s=PATIENT_S),
        good=HEALTH,
        needs=("worker", "concurrency"),
        observes=_WORKER_SEEN,
        observes_silence=True,
        drifts=SchemaError,
        unknown=(Unknown(path=("status",), word="wobbly", holds=lambda seen: seen[0].redis_connected is True),),
    ),
    Read(
        name="worker metrics",
        call=lambda http, url: read_metrics(http, url, timeout_s=PATIENT_S),
        good=METRICS,
        needs=("jobs", "completed"),
        observes=_WORKER_SEEN,
        observes_silence=True,
        drifts=SchemaError,
    ),
    Read(
        name="railway",
        call=_railway,
        good=SERVICE,
        needs=("data", "deployments"),
        unknown=(
            Unknown(
                path=("data", "serviceInstance", "latestDeployment", "status"),
                word="HIBERNATING",
                holds=lambda answer: answer.service.latest.status == "HIBERNATING",
            ),
            Unknown(
                path=("data", "serviceInstance", "latestDeployment", "instances", 0, "status"),
                word="PARKED",
                holds=lambda answer: answer.service.instance_statuses == ("PARKED",),
            ),
        ),
    ),
    Read(
        name="openrouter",
        call=lambda http, url: read_account(http, url, SECRET, timeout_s=TIMEOUT_S),
        good=KEY,
        needs=("data", "limit_remaining"),
        is_nullable=True,
        observes=frozenset({401, 402, 403, 429, 500, 502, 503, 504}),
        observes_silence=True,
    ),
    Read(
        name="sentry issues",
        call=_sentry("issues"),
        good=[ISSUE],
        needs=(0, "count"),
        unknown=(
            Unknown(path=(0, "substatus"), word="napping", holds=lambda seen: seen.issues[0].substatus == "napping"),
            Unknown(path=(0, "level"), word="dire", holds=lambda seen: seen.issues[0].events == 12),
        ),
    ),
    Read(name="sentry performance", call=_sentry("performance"), good=SPANS, needs=("data", 0, "count()")),
    Read(name="sentry releases", call=_sentry("releases"), good=[{"version": "8f2d1c6"}], needs=(0, "version")),
    Read(name="upstash rest", call=_upstash, good=REPLY, needs=(0, "result"), is_nullable=True),
    Read(
        name="prometheus",
        call=_prometheus,
        good=RANGE,
        needs=("data", "result"),
    ),
    Read(
        name="statuspage",
        call=_page("vercel"),
        good=STATUSPAGE,
        needs=("status", "indicator"),
        unknown=(
            Unknown(path=("status", "indicator"), word="catastrophic", holds=_is_unknown),
            Unknown(
                path=("components", 0, "status"), word="wobbly", holds=lambda status: status.affected == ("Builds",)
            ),
        ),
    ),
    Read(
        name="instatus",
        call=_page("railway"),
        good=INSTATUS,
        needs=("page", "status"),
        unknown=(
            Unknown(path=("page", "status"), word="SORTOF", holds=_is_unknown),
            Unknown(path=("activeIncidents", 0, "impact"), word="FELT", holds=_is_unknown),
        ),
    ),
    Read(
        name="datadog status page",
        call=_page("openrouter"),
        good=DATADOG,
        needs=("components",),
        unknown=(Unknown(path=("components", 0, "components", 0, "status"), word="limping", holds=_is_unknown),),
    ),
    Read(
        name="upstash developer",
        call=_plan,
        good=PLAN,
        needs=("state",),
        unknown=(Unknown(path=("state",), word="frozen", holds=lambda plan: plan.state == "frozen"),),
    ),
    Read(
        name="frontend health",
        call=lambda http, url: read_frontend_health(http, url, timeout_s=PATIENT_S),
        good=SITE,
        needs=("status",),
        observes=frozenset({404, 429, 500, 502, 504}),
        observes_silence=True,
        unknown=(Unknown(path=("database",), word="wobbly", holds=lambda seen: seen[0].database.status == "other"),),
    ),
    Read(
        name="vercel deployments",
        call=_releases,
        good=RELEASES,
        needs=("deployments",),
        unknown=(
            Unknown(
                path=("deployments", 0, "readyState"),
                word="MELTING",
                holds=lambda told: told.serving.state == "MELTING",
            ),
        ),
    ),
    Read(
        name="vercel variables",
        call=_site_variables,
        good=VARIABLES,
        needs=("envs",),
        unknown=(
            Unknown(path=("envs", 0, "type"), word="quantum", holds=lambda told: told.variables[0].kind == "quantum"),
        ),
    ),
    Read(
        name="supabase project",
        call=lambda http, url: read_project(_management(http, url)),
        good={"status": "ACTIVE_HEALTHY"},
        needs=("status",),
        unknown=(Unknown(path=("status",), word="DREAMING", holds=lambda project: project.status == "DREAMING"),),
    ),
    Read(
        name="supabase logs",
        call=_logs,
        good=LOG_LINES,
        needs=("result",),
        unknown=(
            Unknown(path=("result", 0, "source"), word="new_logs", holds=lambda logs: logs.groups[0].source == "…"),
        ),
    ),
    Read(
        name="supabase rest",
        call=lambda http, url: read_description(Gate(http, url, "service", SECRET, TIMEOUT_S)),
        good=TABLES,
        needs=("definitions",),
        observes=_DATABASE_SEEN,
        observes_silence=True,
    ),
)
