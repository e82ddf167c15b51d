"""The project as its owner has it: keys, a database that can be paused, a diary of what its services said."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum

from sandbox.data.keys import Keyring, new_project_ref
from sandbox.data.rest import Rest
from sandbox.postgres import Postgres

LINES_KEPT = 20_000


class ProjectStatus(Enum):
    """Supabase's own words, as far as the sandbox gets there."""

    ACTIVE_HEALTHY = "ACTIVE_HEALTHY"
    COMING_UP = "COMING_UP"
    INACTIVE = "INACTIVE"
    """Paused."""
    PAUSING = "PAUSING"
    RESTORING = "RESTORING"
    RESTARTING = "RESTARTING"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryLine:
    """One line of the project's log. `attributes` are named as in Supabase's logs."""

    id: str = field(default_factory=lambda: secrets.token_hex(16))
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    source: str
    """`postgres_logs`, `postgrest_logs` or `edge_logs`."""
    severity: str
    message: str
    attributes: tuple[tuple[str, str], ...] = ()


class Project:
    """One Supabase project over one PostgreSQL server."""

    def __init__(self, postgres: Postgres) -> None:
        self.postgres = postgres
        self.ref = new_project_ref()
        self.created_at = datetime.now(UTC)
        self.status = ProjectStatus.COMING_UP
        self.keys = Keyring(project_ref=self.ref)
        self.anon_key = self.keys.issue("anon", "anon")
        self.service_role_key = self.keys.issue("service_role", "default")
        self.diary: deque[DiaryLine] = deque(maxlen=LINES_KEPT)
        self.rest = Rest(f"{postgres.address} user=authenticator application_name=postgrest", log=self._say)
        self._running: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to serve a database that runs; returns when the schema is known."""
        self._running = asyncio.create_task(self.rest.run())
        async with asyncio.timeout(20):
            await self.rest.loaded.wait()
        self.status = ProjectStatus.ACTIVE_HEALTHY

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running
        await self.rest.close()

    async def pause(self) -> None:
        """What an owner does, or Supabase after a week without use: the database stops, the gateway says so."""
        self.status = ProjectStatus.PAUSING
        await self.postgres.stop()
        self.status = ProjectStatus.INACTIVE

    async def restore(self) -> None:
        """The way back; returns when the database accepts connections."""
        self.status = ProjectStatus.RESTORING
        await self.postgres.start()
        self.status = ProjectStatus.ACTIVE_HEALTHY

    async def restart(self) -> None:
        """Stop and start the database; every connection is dropped."""
        self.status = ProjectStatus.RESTARTING
        await self.postgres.stop()
        await self.postgres.start()
        self.status = ProjectStatus.ACTIVE_HEALTHY

    @property
    def is_paused(self) -> bool:
        return self.status in (ProjectStatus.PAUSING, ProjectStatus.INACTIVE, ProjectStatus.RESTORING)

    def _say(self, severity: str, message: str) -> None:
        self.diary.append(DiaryLine(source="postgrest_logs", severity=severity, message=message))
