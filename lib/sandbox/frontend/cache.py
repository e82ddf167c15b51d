"""The frontend's Redis over TCP: cache and queue share one connection that never gives up, or never begins."""

from __future__ import annotations

import asyncio
from typing import Any

from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from sandbox.frontend.cache_error import CacheError

CLOSED = "Connection is closed."
CONNECT_WITHIN_S = 2.0
AGAIN_AFTER_S = 0.5
LISTS = ("wait", "active")
SETS = ("completed", "failed", "delayed")


class Cache:
    """One client of `REDIS_URL`.

    It connects when first used. If that fails its promise stays rejected for as long as the instance lives, even when
    Redis is back; once it has worked, a command waits for Redis for ever.
    """

    def __init__(self, url: str, ca_file: str) -> None:
        tls: dict[str, Any] = {"ssl_ca_certs": ca_file} if url.startswith("rediss:") and ca_file else {}
        self._redis: Any = Redis.from_url(
            url,
            decode_responses=True,
            socket_connect_timeout=CONNECT_WITHIN_S,
            client_name="next-app",
            retry=Retry(NoBackoff(), 0),
            **tls,
        )
        self._opening: asyncio.Task[None] | None = None

    async def command(self, *words: str) -> Any:
        """Run one command.

        Raises:
            CacheError: the first connection failed, or the server answered with an error.
        """
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
        await asyncio.shield(self._opening)
        while True:
            try:
                return await self._redis.execute_command(*words)
            except (exceptions.ResponseError, exceptions.AuthenticationError) as error:
                raise CacheError(str(error)) from error
            except (exceptions.RedisError, OSError):
                await asyncio.sleep(AGAIN_AFTER_S)

    async def queue_counts(self, name: str) -> dict[str, int]:
        """Jobs of a queue as the health page counts them: prioritized ones are in no list and are left out.

        Raises:
            CacheError: as `command`.
        """
        counts = {}
        for state in (*LISTS, *SETS):
            verb = "LLEN" if state in LISTS else "ZCARD"
            counts["waiting" if state == "wait" else state] = int(await self.command(verb, f"bull:{name}:{state}"))
        return counts

    async def _open(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                await self._redis.execute_command("PING")
        except (exceptions.RedisError, TimeoutError, OSError) as error:
            raise CacheError(CLOSED) from error
