"""PostgREST's connections: few, opened when needed, waited for in order and not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import AsyncClientCursor, AsyncConnection, OperationalError


class PoolTimeout(Exception):
    """No connection came free in time."""


class ConnectFailed(Exception):
    """A new connection was refused; the cause is the driver's error."""


class Pool:
    """At most `size` connections of one role; a request waits `patience_s` seconds for one."""

    def __init__(self, dsn: str, *, size: int, patience_s: float) -> None:
        self._dsn = dsn
        self._patience_s = patience_s
        self._slots = asyncio.Semaphore(size)
        self._idle: list[AsyncConnection] = []
        self.size = size
        self.in_use = 0

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A connection for as long as the block lasts; one that broke is not kept.

        Raises:
            PoolTimeout: all were in use too long.
            ConnectFailed: the server takes no new one.
        """
        await self._take_slot()
        connection: AsyncConnection | None = None
        try:
            connection = await self._open()
            yield connection
        except BaseException as error:
            if connection is not None and not _is_reusable(connection, error):
                await connection.close()
            raise
        finally:
            if connection is not None and not connection.closed:
                self._idle.append(connection)
            self.in_use -= 1
            self._slots.release()

    async def close(self) -> None:
        """Close what is idle; what is in use closes when it comes back to a closed server."""
        while self._idle:
            await self._idle.pop().close()

    async def _take_slot(self) -> None:
        try:
            async with asyncio.timeout(self._patience_s):
                await self._slots.acquire()
        except TimeoutError:
            raise PoolTimeout from None
        self.in_use += 1

    async def _open(self) -> AsyncConnection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed:
                return connection
        try:
            return await AsyncConnection.connect(self._dsn, autocommit=True, cursor_factory=AsyncClientCursor)
        except OperationalError as error:
            raise ConnectFailed(str(error)) from error


def _is_reusable(connection: AsyncConnection, error: BaseException) -> bool:
    """Whether a failed block leaves the connection as it was: the server answered, and took back what was begun."""
    return isinstance(error, Exception) and not isinstance(error, OperationalError) and not connection.broken
