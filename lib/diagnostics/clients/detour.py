"""Redis over a second way where the first cannot connect."""

from __future__ import annotations

from typing import Any

from diagnostics.clients.reader import Command, Reader
from diagnostics.errors import ConnectFailed


class Detour(Reader):
    """Goes the first way; takes the second for good when the first never connected.

    Many office networks let HTTPS out and nothing else. A way that answered once and then broke is no such case:
    its failure is told.
    """

    def __init__(self, first: Reader, second: Reader) -> None:
        self._first = first
        self._second = second
        self._in_use = first
        self._has_answered = False
        self.where = first.where

    async def read(self, *commands: Command) -> list[Any]:
        """See `Reader.read`."""
        if self._in_use is self._first:
            try:
                replies = await self._first.read(*commands)
            except ConnectFailed:
                if self._has_answered:
                    raise
                self._in_use, self.where = self._second, self._second.where
            else:
                self._has_answered = True
                return replies
        return await self._second.read(*commands)

    async def close(self) -> None:
        """End both; never raises."""
        await self._first.close()
        await self._second.close()
