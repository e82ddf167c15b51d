"""What one run asks, recorded so that the same question can be judged again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from diagnostics.thresholds import Thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Half-open UTC interval `[since, until)` a question is about."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to call."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the profile says about the platform, without any secret. Checks read it like evidence."""

    worker_url: str = ""
    """Shown form: scheme, host and path only."""
    railway_url: str = ""
    railway_variable: str = "RAILWAY_TOKEN"
    railway_header: str = "Project-Access-Token: "
    """What stands before the token in a request's header: it depends on the kind of token."""
    openrouter_url: str = ""
    openrouter_variable: str = "OPENROUTER_API_KEY"
    openrouter_key: str = ""
    """Fingerprint of the key we use ourselves."""
    redis_host: str = ""
    redis_port: int | None = None
    redis_token: str = ""
    """Fingerprint of the token we use ourselves."""
    redis_variable: str = "REDIS_URL"
    rest_variables: tuple[str, ...] = ()
    """Names of the variables with address and token of Upstash REST, where that is the only way to Redis."""
    expected_host: str = ""
    expected_replicas: int | None = None
    queue_names: tuple[str, ...] = ()
    queue_orphans: tuple[str, ...] = ()
    dead_letter_queues: tuple[str, ...] = ()
    queue_prefix: str = "bull"
    has_own_ca: bool = False
    """Redis is reached through a certificate authority of its own, given by the profile."""
    required_variables: tuple[str, ...] = ()
    """Of the worker."""
    frontend_url: str = ""
    frontend_pages: tuple[str, ...] = ()
    frontend_endpoints: tuple[str, ...] = ()
    frontend_variables: tuple[str, ...] = ()
    """Variables the frontend needs."""
    baseline_redis: str = "skipped"
    """What the frontend's health page says of Redis on a good day."""
    vercel_url: str = ""
    vercel_variable: str = "VERCEL_TOKEN"
    vercel_project: str = ""
    vercel_team: str = ""
    supabase_url: str = ""
    """The management API."""
    supabase_variable: str = "SUPABASE_ACCESS_TOKEN"
    supabase_ref: str = ""
    supabase_data_url: str = ""
    """The project's own address, where PostgREST answers."""
    supabase_url_variable: str = "SUPABASE_URL"
    supabase_anon_variable: str = "SUPABASE_ANON_KEY"
    supabase_service_variable: str = "SUPABASE_SERVICE_ROLE_KEY"
    supabase_keys: tuple[str, str] = ("", "")
    """Fingerprints of the anon and the service-role key we use ourselves."""
    supabase_tables: tuple[str, ...] = ()
    supabase_expected_host: str = ""
    postgres_variable: str = "DATABASE_URL"
    postgres_host: str = ""
    sentry_url: str = ""
    sentry_variable: str = "SENTRY_AUTH_TOKEN"
    sentry_organization: str = ""
    sentry_project: str = ""
    sentry_dsn_variable: str = "SENTRY_DSN"
    upstash_api_url: str = ""
    upstash_api_variables: tuple[str, str] = ("UPSTASH_EMAIL", "UPSTASH_API_KEY")
    upstash_database: str = ""
    status_pages: tuple[tuple[str, str], ...] = ()
    """Vendor and address, in the profile's order."""
    systems: tuple[str, ...] = ()
    """The profile's sections that name a system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The question: which incident, which platform, which time, which limits. Times are UTC."""

    slug: str
    """A runbook's slug, or `triage`."""
    profile: str
    facts: Facts
    now: datetime
    window: Window
    started_at: datetime
    response_started_at: datetime
    deadline_s: float
    thresholds: Thresholds
    contacts: tuple[Contact, ...] = ()
    redis_command_limit: int = 50
    versions: tuple[tuple[str, str], ...] = ()
