"""The worker's service as its host shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One environment variable of a service: its value is dropped inside the client that reads it."""

    name: str
    length: int
    shape: str
    """`url`, `integer`, `identifier`, `token`, `empty`, `placeholder` or `text`; defects follow after a colon."""
    fingerprint: str
    host: str = ""
    """Host of a URL."""
    port: int | None = None
    """Port of a URL, where it names one."""
    value: str = ""
    """Kept for a short list of names that are not secret: JOB_CONCURRENCY, JOB_QUEUE_NAME …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One release of a service."""

    id: str
    status: str
    created_at: datetime
    status_updated_at: datetime | None = None
    commit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RailwayService:
    """The worker service as Railway shows it."""

    name: str
    replicas_wanted: int | None
    replicas_running: int
    instance_statuses: tuple[str, ...]
    restart_limit: int | None
    latest: Deployment | None
    is_stopped: bool | None
    deployments: tuple[Deployment, ...]
    variables: tuple[Variable, ...] | None
    """`None` when they could not be read."""
    provider_incident: str = ""
