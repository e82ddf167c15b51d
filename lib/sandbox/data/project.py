"""The project as its owner has it: keys, a database that can be paused, a diary of what its services said."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from psycopg import AsyncConnection, OperationalError

from sandbox.data.diary import DiaryLine, new_diary
from sandbox.data.keys import Keyring, new_project_ref
from sandbox.data.postgres_log import PostgresLog
from sandbox.data.rest import Rest
from sandbox.postgres import Postgres

DISK_BYTES = 256 * 1024 * 1024
"""Size of the volume the database has to itself."""
READ_ONLY_FROM = 0.95
"""Share of the volume in use at which Supabase lets nobody write any more."""
BALLAST = "ballast"


class ProjectStatus(Enum):
    """Supabase's own words, as far as the sandbox gets there."""

    ACTIVE_HEALTHY = "ACTIVE_HEALTHY"
    ACTIVE_UNHEALTHY = "ACTIVE_UNHEALTHY"
    COMING_UP = "COMING_UP"
    INACTIVE = "INACTIVE"
    """Paused."""
    PAUSING = "PAUSING"
    RESTORING = "RESTORING"
    RESTARTING = "RESTARTING"


class Project:
    """One Supabase project over one PostgreSQL server."""

    def __init__(self, postgres: Postgres) -> None:
        self.postgres = postgres
        self.ref = new_project_ref()
        self.created_at = datetime.now(UTC)
        self._status = ProjectStatus.COMING_UP
        self.access_token = f"sbp_{secrets.token_hex(20)}"
        """Of the management API."""
        self.keys = Keyring(project_ref=self.ref)
        self.anon_key = self.keys.issue("anon", "anon")
        self.service_role_key = self.keys.issue("service_role", "default")
        self.diary = new_diary()
        postgres.hear = PostgresLog(self.diary.append).hear
        self.rest = Rest(f"{postgres.address} user=authenticator application_name=postgrest", log=self._say)
        self._running: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to serve a database that runs; returns when the schema is known."""
        await self._stop_rest()
        self.rest.loaded.clear()
        self._running = asyncio.create_task(self.rest.run())
        async with asyncio.timeout(20):
            await self.rest.loaded.wait()
        self._status = ProjectStatus.ACTIVE_HEALTHY

    async def close(self) -> None:
        await self._stop_rest()
        await self.rest.close()

    async def _stop_rest(self) -> None:
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running

    async def pause(self) -> None:
        """What an owner does, or Supabase after a week without use: the database stops, the gateway says so."""
        self._status = ProjectStatus.PAUSING
        await self.postgres.stop()
        self._status = ProjectStatus.INACTIVE

    async def restore(self) -> None:
        """The way back: everything is started anew, PostgREST too; returns when the schema is known."""
        self._status = ProjectStatus.RESTORING
        await self.postgres.start()
        await self.open()

    async def restart(self) -> None:
        """Stop and start the database; every connection is dropped."""
        self._status = ProjectStatus.RESTARTING
        await self.postgres.stop()
        await self.postgres.start()
        self._status = ProjectStatus.ACTIVE_HEALTHY

    @property
    def status(self) -> ProjectStatus:
        """What the owner is shown; a server that is gone is seen."""
        is_serving = self._status is ProjectStatus.ACTIVE_HEALTHY
        return ProjectStatus.ACTIVE_UNHEALTHY if is_serving and not self.postgres.is_running else self._status

    @property
    def is_paused(self) -> bool:
        return self._status in (ProjectStatus.PAUSING, ProjectStatus.INACTIVE, ProjectStatus.RESTORING)

    async def refusal(self, user: str = "authenticator") -> str:
        """Why a new connection of a role is refused; empty when it is taken."""
        try:
            connection = await AsyncConnection.connect(f"{self.postgres.address} user={user} connect_timeout=3")
        except OperationalError as error:
            return str(error).strip()
        await connection.close()
        return ""

    @property
    def disk_used_bytes(self) -> int:
        """What the server's files really take."""
        return sum(_blocks(path) for path in (self.postgres.folder / "data").rglob("*"))

    async def fill_disk(self, share: float) -> None:
        """Take up room beside the tables until so much of the volume is in use, as old WAL does."""
        wanted = max(0, round(share * DISK_BYTES) - self.disk_used_bytes)
        with self._ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, wanted)
        if share >= READ_ONLY_FROM:
            await self.set_read_only(is_on=True)

    async def empty_disk(self) -> None:
        """Give the room back; whoever was cut off may write again."""
        self._ballast.unlink(missing_ok=True)
        await self.set_read_only(is_on=False)

    async def set_read_only(self, *, is_on: bool) -> None:
        """Let no new transaction write, whoever asks; the REST API connects anew to feel it."""
        name = self.postgres.database
        await self.postgres.execute(
            f"ALTER DATABASE {name} SET default_transaction_read_only = {'on' if is_on else 'off'}",
        )
        await self.drop_rest_connections()

    async def drop_rest_connections(self) -> None:
        """End every session of PostgREST's at the server."""
        await self.postgres.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'authenticator'"
        )

    @property
    def _ballast(self) -> Path:
        return self.postgres.folder / "data" / BALLAST

    def _say(self, severity: str, message: str) -> None:
        self.diary.append(DiaryLine(source="postgrest_logs", severity=severity, message=message))


def _blocks(path: Path) -> int:
    """Bytes a file takes on the disk; nothing for one that has just gone."""
    try:
        return 512 * path.stat(follow_symlinks=False).st_blocks
    except FileNotFoundError:
        return 0
