"""One deployment of the frontend: a build, the variables it was made with, and how far it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from sandbox.frontend.releases import Release

PUBLIC = "NEXT_PUBLIC_"
"""Variables of this prefix are written into the bundle."""


class ReadyState(Enum):
    """Vercel's `readyState`, as far as the sandbox produces it."""

    QUEUED = "QUEUED"
    BUILDING = "BUILDING"
    READY = "READY"
    ERROR = "ERROR"
    CANCELED = "CANCELED"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildEvent:
    """One line of a build's log. `kind` is Vercel's `type`; `level` is empty, `warning` or `error`."""

    at: datetime
    kind: str
    text: str
    level: str = ""


@dataclass(slots=True, kw_only=True)
class Deployment:
    """Times are UTC and `None` until it has come so far."""

    id: str
    host: str
    """Its own address; the alias is another one."""
    release: Release
    variables: Mapping[str, str]
    """The production variables of the moment it was made. It keeps them, whatever is set later."""
    source: str
    """`git`, `cli` or `redeploy`."""
    target: str | None
    """`production`, or `None` for a preview."""
    created_at: datetime
    state: ReadyState = ReadyState.QUEUED
    building_at: datetime | None = None
    ready_at: datetime | None = None
    error_code: str | None = None
    error_message: str | None = None
    alias_assigned_at: datetime | None = None
    """When it got the production alias for the first time."""
    meta: Mapping[str, str] = field(default_factory=dict)
    events: list[BuildEvent] = field(default_factory=list)

    @property
    def is_ready(self) -> bool:
        return self.state is ReadyState.READY

    def assets(self) -> Mapping[str, tuple[str, bytes]]:
        """Files of the build, which the edge serves itself: path to type and content."""
        build = self.release.commit[:12]
        public = "".join(f"window.{name}={value!r};" for name, value in self.variables.items() if name[:12] == PUBLIC)
        return {
            "/robots.txt": ("text/plain; charset=utf-8", b"User-agent: *\nDisallow: /api/\n"),
            f"/_next/static/chunks/main-{build}.js": ("application/javascript; charset=utf-8", public.encode()),
        }
