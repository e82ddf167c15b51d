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
    redis_host: str = ""
    redis_variable: str = "REDIS_URL"
    expected_host: str = ""
    expected_replicas: int | None = None
    queue_names: tuple[str, ...] = ()
    queue_orphans: tuple[str, ...] = ()
    dead_letter_queues: tuple[str, ...] = ()
    queue_prefix: str = "bull"
    has_own_ca: bool = False
    """Redis is reached through a certificate authority of its own, given by the profile."""
    required_variables: tuple[str, ...] = ()
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
