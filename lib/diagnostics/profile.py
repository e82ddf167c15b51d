"""The profile file: every section with its keys, their types and their defaults. Unknown keys are refused.

A system whose section is absent is not configured, whatever the environment says.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
)

from diagnostics.thresholds import Limits, Thresholds


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    try:
        is_complete = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_complete = False
    if not is_complete or re.search(r"\s", value):
        raise ValueError("must be a complete http:// or https:// address")
    return value.rstrip("/")


def _pair(value: object) -> Limits:
    if isinstance(value, Limits):
        return value
    numbers = [n for n in value if isinstance(n, int | float)] if isinstance(value, list | tuple) else []
    if len(numbers) != 2 or not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("must be two numbers, [warning, critical]")
    return Limits(*map(float, numbers))


def _ordered(value: Limits) -> Limits:
    if not 0 <= (value.warning or 0) <= value.critical < float("inf"):
        raise ValueError("must be [warning, critical], both finite and not negative, the first not above the second")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not a time zone; write it like Europe/Moscow") from None
    return value


Url = Annotated[str, AfterValidator(_http_url)]
Pair = Annotated[Limits, BeforeValidator(_pair), AfterValidator(_ordered)]

SitePath = Annotated[str, Field(pattern=r"^/[^\s#]*$")]
"""A path of the site, with its slash."""
Length = Annotated[float, Field(gt=0, le=1e6)]
VariableName = Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]{0,63}$")]
"""The name of a variable that holds a secret. Strict, so that a secret put here by mistake is refused, not printed."""


TableName = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")]
"""It becomes a segment of a path."""


class Section(BaseModel):
    """A table of the profile: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WorkerSection(Section):
    base_url: Url | None = None
    expected_replicas: PositiveInt | None = None


class FrontendSection(Section):
    base_url: Url | None = None
    pages: tuple[SitePath, ...] = ("/",)
    """Pages whose availability is the site's."""
    endpoints: tuple[SitePath, ...] = ()
    """API endpoints likewise; only read with GET."""
    baseline_redis: Literal["skipped", "ok"] = "skipped"
    """What `/api/health` says of Redis on a good day: `skipped` where the frontend has no REDIS_URL."""


class QueueSection(Section):
    names: Annotated[tuple[str, ...], Field(min_length=1)] = ("agent-jobs",)
    orphans: tuple[str, ...] = ("app-jobs",)
    dead_letter: tuple[str, ...] = ("agent-jobs-dlq",)
    prefix: str = "bull"


class RedisSection(Section):
    rest_url_env: VariableName = "UPSTASH_REDIS_REST_URL"
    rest_token_env: VariableName = "UPSTASH_REDIS_REST_TOKEN"
    url_env: VariableName = "REDIS_URL"
    ca_file: Path | None = None
    expected_host: str = ""


class RailwaySection(Section):
    base_url: Url = "https://backboard.railway.com/graphql/v2"
    token_env: VariableName = "RAILWAY_TOKEN"
    token_kind: Literal["project", "account"] = "project"
    project_id: str = ""
    environment_id: str = ""
    service_id: str = ""

    @property
    def header(self) -> str:
        """What stands before the token in a request: header and scheme depend on the kind of token."""
        return "Project-Access-Token: " if self.token_kind == "project" else "Authorization: Bearer "


class VercelSection(Section):
    base_url: Url = "https://api.vercel.com"
    token_env: VariableName = "VERCEL_TOKEN"
    project_id: str = ""
    team_id: str = ""


class SupabaseSection(Section):
    base_url: Url = "https://api.supabase.com"
    """The management API."""
    token_env: VariableName = "SUPABASE_ACCESS_TOKEN"
    project_ref: str = ""
    """Twenty lower-case letters; read from the project's address where it is empty."""
    url_env: VariableName = "SUPABASE_URL"
    """The project's own address, where PostgREST answers."""
    anon_key_env: VariableName = "SUPABASE_ANON_KEY"
    service_role_key_env: VariableName = "SUPABASE_SERVICE_ROLE_KEY"
    expected_host: str = ""
    tables: tuple[TableName, ...] = ("organizations", "agents")
    """Tables whose absence stops the platform."""


class PostgresSection(Section):
    url_env: VariableName = "DATABASE_URL"
    expected_host: str = ""


class SentrySection(Section):
    base_url: Url = "https://sentry.io"
    token_env: VariableName = "SENTRY_AUTH_TOKEN"
    organization: str = ""
    project: str = ""
    dsn_env: VariableName = "SENTRY_DSN"


class UpstashApiSection(Section):
    base_url: Url = "https://api.upstash.com/v2"
    email_env: VariableName = "UPSTASH_EMAIL"
    key_env: VariableName = "UPSTASH_API_KEY"
    database_id: str = ""


class StatusPagesSection(Section):
    """Addresses of the vendors' public status pages; an empty one is not looked at."""

    vercel: Url | Literal[""] = ""
    railway: Url | Literal[""] = ""
    supabase: Url | Literal[""] = ""
    upstash: Url | Literal[""] = ""
    sentry: Url | Literal[""] = ""
    openrouter: Url | Literal[""] = ""


class OpenRouterSection(Section):
    base_url: Url = "https://openrouter.ai/api/v1"
    token_env: VariableName = "OPENROUTER_API_KEY"


class HistorySection(Section):
    path: Path = Path("outputs/history.sqlite3")
    """The store of `runbook watch`."""


class PrometheusSection(Section):
    base_url: Url
    token_env: VariableName | None = None
    depth: str = ""
    """PromQL for the jobs ready and not started, where somebody exports them."""
    completed: str = "sum by (instance) (worker_jobs_completed_total) or sum by (instance) (worker_jobs_completed)"
    failed: str = "sum by (instance) (worker_jobs_failed_total) or sum by (instance) (worker_jobs_failed)"


class RequiredVariables(Section):
    required: tuple[str, ...] = ()


class VariablesSection(Section):
    worker: RequiredVariables = RequiredVariables()
    frontend: RequiredVariables = RequiredVariables()


class ThresholdsSection(Section):
    queue_depth_jobs: Pair = Thresholds().queue_depth_jobs
    error_ratio: Pair = Thresholds().error_ratio
    p95_s: Pair = Thresholds().p95_s
    worker_down_s: Length = Thresholds().worker_down_s.critical
    escalate_after_min: Length = Thresholds().escalate_after_min


class BudgetSection(Section):
    deadline_s: Annotated[float, Field(gt=0, le=600)] = 10.0
    redis_commands: Annotated[int, Field(gt=0, le=5000)] = 50


class ContactSection(Section):
    name: str
    url: str = ""


class Profile(Section):
    """The whole profile file. Every key is described in `docs/profiles.md`."""

    name: str
    env_file: Path | None = None
    language: Literal["en", "ru"] = "en"
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    worker: WorkerSection | None = None
    queue: QueueSection = QueueSection()
    frontend: FrontendSection | None = None
    redis: RedisSection | None = None
    vercel: VercelSection | None = None
    supabase: SupabaseSection | None = None
    postgres: PostgresSection | None = None
    sentry: SentrySection | None = None
    upstash_api: UpstashApiSection | None = None
    status_pages: StatusPagesSection | None = None
    railway: RailwaySection | None = None
    openrouter: OpenRouterSection | None = None
    prometheus: PrometheusSection | None = None
    history: HistorySection | None = None
    variables: VariablesSection = VariablesSection()
    thresholds: ThresholdsSection = ThresholdsSection()
    budget: BudgetSection = BudgetSection()
    contacts: tuple[ContactSection, ...] = ()


SYSTEMS = (
    "worker",
    "frontend",
    "redis",
    "railway",
    "vercel",
    "supabase",
    "postgres",
    "sentry",
    "openrouter",
    "upstash_api",
    "status_pages",
    "prometheus",
    "history",
)
"""Sections that name a system."""
