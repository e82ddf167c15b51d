"""The worker's way to the tables: a few connections, shared by all jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import AsyncConnection, Error, OperationalError

from sandbox.worker.postgrest import rest_error

POOL_SIZE = 5
OPTIONS = "-c statement_timeout=8s"
"""What Supabase sets for the role that its REST API connects with."""


class Database:
    """A pool that opens connections when they are first needed, and again when they broke."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._free: asyncio.LifoQueue[AsyncConnection | None] = asyncio.LifoQueue()
        for _ in range(POOL_SIZE):
            self._free.put_nowait(None)

    async def execute(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Run one statement of its own; its rows, if it gives any.

        Raises:
            RestError: what the REST API would say.
        """
        try:
            async with self._connection() as connection:
                cursor = await connection.execute(statement, values or None)
                return await cursor.fetchall() if cursor.description else []
        except Error as error:
            raise rest_error(error) from error

    async def close(self) -> None:
        while not self._free.empty():
            connection = self._free.get_nowait()
            if connection is not None:
                await connection.close()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        connection = await self._free.get()
        try:
            if connection is None or connection.closed:
                connection = None
                connection = await AsyncConnection.connect(
                    self._dsn, autocommit=True, application_name="worker", options=OPTIONS
                )
            yield connection
        except OperationalError:
            if connection is not None:
                await connection.close()
            connection = None
            raise
        finally:
            self._free.put_nowait(connection)
