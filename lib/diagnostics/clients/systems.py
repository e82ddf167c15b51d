"""All systems of one profile, connected lazily and closed together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from diagnostics.budget import Budget
from diagnostics.clients.bullmq import Bullmq
from diagnostics.clients.http import Http, open_http
from diagnostics.clients.railway import RailwayAnswer, read_service
from diagnostics.clients.reader import Reader
from diagnostics.clients.ways import own_authority, reader_for
from diagnostics.errors import SettingsError
from diagnostics.scope import Scope
from diagnostics.settings import Settings

if TYPE_CHECKING:
    from diagnostics.clients.postgres import PostgresReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How Redis is read; nothing where no variable leads there."""

    redis: Reader | None = None
    bullmq: Bullmq | None = None
    fault: SettingsError | None = None
    """Why there is no reader although a variable is set."""


@dataclass(slots=True, kw_only=True)
class Systems:
    """What probes may call. Answers that several probes share are fetched once."""

    settings: Settings
    scope: Scope
    http: Http
    budget: Budget
    timeout_s: float
    _way: Way | None = field(default=None, repr=False)
    _postgres: PostgresReader | None = field(default=None, repr=False)
    _railway: asyncio.Future[RailwayAnswer] | None = field(default=None, repr=False)

    @property
    def way(self) -> Way:
        """The one way to Redis of this run."""
        if self._way is None:
            self._way = self._find_way()
        return self._way

    def _find_way(self) -> Way:
        try:
            redis = reader_for(self.settings, self.http, budget=self.budget, timeout_s=self.timeout_s)
        except SettingsError as error:
            # A malformed address costs the looks at Redis, not the run.
            return Way(fault=error)
        bullmq = Bullmq(redis, prefix=self.scope.facts.queue_prefix) if redis else None
        return Way(redis=redis, bullmq=bullmq)

    def postgres(self, url: str) -> PostgresReader:
        """The one connection to the database of this run. Raises SettingsError for a malformed address."""
        if self._postgres is None:
            # psycopg takes a twentieth of a second to load: it comes when there is a database, while others look.
            from diagnostics.clients.postgres import PostgresReader  # noqa: PLC0415

            self._postgres = PostgresReader(url, budget=self.budget, timeout_s=self.timeout_s)
        return self._postgres

    async def railway(self, token: str) -> RailwayAnswer:
        """The one Railway answer of this run; the first caller asks, the others wait for it."""
        section = self.settings.profile.railway
        assert section is not None
        if self._railway is None:
            self._railway = asyncio.ensure_future(
                read_service(
                    self.http,
                    section,
                    token,
                    since=self.scope.window.since,
                    until=self.scope.window.until,
                    timeout_s=self.timeout_s,
                )
            )
        return await asyncio.shield(self._railway)


@asynccontextmanager
async def connect(settings: Settings, scope: Scope, budget: Budget) -> AsyncIterator[Systems]:
    """Systems for one run. No connection is opened before a probe asks for it.

    Each look gets at most half the deadline, so that an endpoint that hangs is seen to hang.
    """
    timeout_s = min(5.0, scope.deadline_s * 0.5)
    async with open_http(budget, trust=own_authority(settings)) as http:
        systems = Systems(settings=settings, scope=scope, http=http, budget=budget, timeout_s=timeout_s)
        try:
            yield systems
        finally:
            if systems._railway is not None:
                systems._railway.cancel()
            if systems._postgres:
                await systems._postgres.close()
            if systems._way and systems._way.redis:
                await systems._way.redis.close()
