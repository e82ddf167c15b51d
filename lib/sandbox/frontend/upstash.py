"""The frontend's rate limit: Upstash over REST, with the manners of its Node packages."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

LIMIT = 100
"""Requests to the API that one address may make in one window."""
WINDOW_MS = 60_000
ALLOWED_AFTER_S = 5.0
"""A check that takes longer lets the request pass."""
RETRIES = 5
"""Attempts after the first one; the pauses grow from 50 ms to 2.7 s."""
COUNT_SCRIPT = (
    "local count = redis.call('INCR', KEYS[1]) "
    "if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end return count"
)


class UpstashError(Exception):
    """An error reply, or no reply at all."""


class Upstash:
    """Redis commands over HTTP."""

    def __init__(self, http: httpx.AsyncClient, url: str, token: str) -> None:
        self._http = http
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}

    async def command(self, *words: str) -> Any:
        """Run one command. It has no timeout: a database that never answers is waited for.

        Raises:
            UpstashError: in the words of Upstash's package.
        """
        answer = await self._post(words)
        body = answer.json()
        if "error" in body:
            raise UpstashError(f"{body['error']}, command was: {_shown(words)}")
        return body["result"]

    async def _post(self, words: Sequence[str]) -> httpx.Response:
        for attempt in range(RETRIES + 1):
            try:
                return await self._http.post(self._url, headers=self._headers, json=list(words))
            except httpx.TransportError as error:
                if attempt == RETRIES:
                    raise UpstashError("fetch failed") from error
                await asyncio.sleep(0.05 * math.exp(attempt))
        raise AssertionError("unreachable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one address has left of its window. `reset_ms` is epoch ms."""

    remaining: int
    reset_ms: int

    @property
    def is_spent(self) -> bool:
        return self.remaining < 0

    @property
    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(LIMIT),
            "X-RateLimit-Remaining": str(max(0, self.remaining)),
            "X-RateLimit-Reset": str(self.reset_ms),
        }


async def allowance(redis: Upstash, address: str) -> Allowance:
    """Count one request of an address.

    Raises:
        UpstashError: the database refused; nobody catches it in production either.
    """
    window = time.time_ns() // 1_000_000 // WINDOW_MS
    reset_ms = (window + 1) * WINDOW_MS
    key = f"@upstash/ratelimit:{address}:{window}"
    try:
        async with asyncio.timeout(ALLOWED_AFTER_S):
            count = await redis.command("EVAL", COUNT_SCRIPT, "1", key, str(WINDOW_MS))
    except TimeoutError:
        return Allowance(remaining=LIMIT, reset_ms=reset_ms)
    return Allowance(remaining=LIMIT - int(count), reset_ms=reset_ms)


def _shown(words: Sequence[str]) -> str:
    return "[" + ",".join(f'"{word}"' for word in words) + "]"
