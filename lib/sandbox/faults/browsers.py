"""Browsers that report errors of their own to Sentry, through the real SDK's client."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.world import World

CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605.1.15 Version/18.6 Safari/605.1.15"
AGENTS = (CHROME, FIREFOX, SAFARI)
FLUSH_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserError:
    """What went wrong in a browser. `file` is where its innermost frame is."""

    kind: str
    message: str
    file: str
    function: str
    page: str = "/dashboard"


async def report(world: World, error: BrowserError, *, users: int, each: int = 1, clients: int = 1) -> None:
    """Let so many visitors report an error so many times; each client is an SDK with limits of its own."""
    dsn = world.site.variables.values()["SENTRY_DSN"]
    events = [_event(error, user) for _ in range(each) for user in range(users)]
    shares = [events[number::clients] for number in range(clients)]
    await asyncio.gather(*(asyncio.to_thread(_send, dsn, share) for share in shares))


def reported(world: World, text: str) -> int:
    """Events in Sentry whose title holds a text."""
    return sum(len(issue.events) for issue in world.sentry.store.issues.values() if text in issue.newest.title)


def forget(world: World, text: str) -> None:
    """Resolve the issues whose title holds a text, as somebody does afterwards."""
    for issue in world.sentry.store.issues.values():
        if text in issue.newest.title:
            issue.status = "resolved"


def _send(dsn: str, events: Iterable[Mapping[str, Any]]) -> None:
    import sentry_sdk  # noqa: PLC0415  (slow to import, and needed by few faults)

    # Visitors are told apart by their address, as Sentry does for browsers.
    client = sentry_sdk.Client(
        dsn=dsn,
        release="",
        default_integrations=False,
        auto_enabling_integrations=False,
        send_default_pii=True,
    )
    for event in events:
        client.capture_event(dict(event))  # type: ignore[arg-type]
    client.close(timeout=FLUSH_WITHIN_S)


def _event(error: BrowserError, user: int) -> dict[str, Any]:
    """The payload of Sentry's JavaScript SDK; Sentry itself adds the visitor's address as the user."""
    frame = {"filename": error.file, "abs_path": error.file, "function": error.function, "lineno": 1, "colno": 4711}
    is_own = error.file.startswith("app:///")
    value = {
        "type": error.kind,
        "value": error.message,
        "mechanism": {"type": "onunhandledrejection", "handled": False},
        "stacktrace": {"frames": [{**frame, "in_app": is_own}]},
    }
    return {
        "platform": "javascript",
        "level": "error",
        "environment": "production",
        "server_name": "",
        "transaction": error.page,
        "sdk": {"name": "sentry.javascript.nextjs", "version": "8.55.0"},
        "exception": {"values": [value]},
        "request": {
            "url": f"https://gpt-agent-kwid.vercel.app{error.page}",
            "headers": {"User-Agent": AGENTS[user % len(AGENTS)]},
        },
        "user": {"ip_address": f"198.51.100.{1 + user % 250}"},
    }
