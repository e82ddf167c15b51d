"""The people on the site: a small steady stream of pages and API calls, some of them logged in."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass
from urllib.parse import urlencode

from sandbox.http import Answer, Request, ask
from sandbox.producer.jobs import AGENTS, ORGANIZATIONS, numbered

VISITORS = 12
PATIENCE_S = 20.0
"""A browser waits no longer for one answer."""
LOG_IN_AGAIN_S = 20.0
"""Whoever was logged out tries again after this time, not at once."""
MOST_AT_ONCE = 24
VISITS: dict[tuple[str, str], float] = {
    ("GET", "/"): 4,
    ("GET", "/login"): 1,
    ("GET", "/dashboard"): 3,
    ("GET", "/api/auth/session"): 2,
    ("GET", "/api/agents"): 4,
    ("GET", "/api/organizations"): 2,
    ("GET", "/api/conversations"): 3,
    ("POST", "/api/conversations"): 1,
}
"""What people ask for, by weight."""
NEED_LOGIN = frozenset(("/dashboard", "/api/conversations"))


@dataclass(slots=True, kw_only=True)
class Visitor:
    """One browser."""

    address: str
    cookie: str = ""
    logged_in_at: float = -LOG_IN_AGAIN_S
    """Of the last attempt, on the monotonic clock."""


class Traffic:
    """Asks the edge, as everybody does."""

    def __init__(self, port: int, per_s: float) -> None:
        self._port = port
        self.per_s = per_s
        """Requests per second; faults may change it."""
        self.visits = dict(VISITS)
        """What people ask for, by weight; faults may change it."""
        self.visitors = [Visitor(address=f"203.0.113.{10 + number}") for number in range(VISITORS)]
        self._chance = random.Random()  # noqa: S311  (who visits what, no secrets)
        self._visits: set[asyncio.Task[None]] = set()

    async def flow(self) -> None:
        """Visit at the pace wanted, for ever. A slow site is not waited for, within reason."""
        try:
            while True:
                await asyncio.sleep(self._chance.uniform(0.5, 1.5) / max(self.per_s, 0.01))
                if len(self._visits) < MOST_AT_ONCE:
                    self._begin(self._chance.choice(self.visitors))
        finally:
            for visit in self._visits:
                visit.cancel()

    async def request(self, visitor: Visitor, method: str, path: str, *, body: bytes = b"") -> Answer | None:
        """One request of a visitor; `None` without an answer in time."""
        kind = "application/json" if path.startswith("/api/conv") else "application/x-www-form-urlencoded"
        headers = {
            "host": "127.0.0.1",
            "accept": "*/*" if path.startswith("/api/") else "text/html",
            "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
            "x-forwarded-for": visitor.address,
            "content-length": str(len(body)),
            "content-type": kind,
            **({"cookie": visitor.cookie} if visitor.cookie else {}),
        }
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await ask(self._port, Request(method=method, target=path, headers=headers, body=body))
        except (OSError, EOFError):
            return None

    def _begin(self, visitor: Visitor) -> None:
        method, path = self._chance.choices(list(self.visits), list(self.visits.values()))[0]
        visit = asyncio.create_task(self._visit(visitor, method, path))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)

    async def _visit(self, visitor: Visitor, method: str, path: str) -> None:
        if path in NEED_LOGIN and not visitor.cookie:
            await self.log_in(visitor)
        answer = await self.request(visitor, method, path, body=self._body(method))
        if answer is None:
            return
        was_refused = answer.status in (401, 307)
        if was_refused and path in NEED_LOGIN and answer.headers.get("x-vercel-error") is None:
            await self.log_in(visitor)
        elif answer.status == 200 and b"/_next/static/" in answer.body:
            script = answer.body.split(b"<script src='")[1].split(b"'")[0]
            await self.request(visitor, "GET", script.decode())

    async def log_in(self, visitor: Visitor) -> None:
        """Log a visitor in, unless the last attempt was a moment ago."""
        if time.monotonic() < visitor.logged_in_at + LOG_IN_AGAIN_S:
            return
        visitor.logged_in_at = time.monotonic()
        form = urlencode({"email": f"{visitor.address.replace('.', '-')}@example.com"}).encode()
        answer = await self.request(visitor, "POST", "/api/auth/callback/credentials", body=form)
        headers = {name.lower(): value for name, value in answer.headers.items()} if answer else {}
        if "set-cookie" in headers:
            visitor.cookie = headers["set-cookie"].partition(";")[0]

    def _body(self, method: str) -> bytes:
        return self.conversation() if method == "POST" else b""

    def conversation(self) -> bytes:
        """What the site is sent to begin a conversation."""
        number = 1 + self._chance.randrange(AGENTS)
        organization = 1 + (number - 1) % ORGANIZATIONS
        ids = {"organizationId": numbered("organization", organization), "agentId": numbered("agent", number)}
        return json.dumps(ids).encode()
