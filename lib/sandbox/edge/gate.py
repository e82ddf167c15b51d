"""Who may pass the edge, how often they did, and how much is left of the day's quota."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

WRONG_PASSWORD = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"
NO_AUTHENTICATION = b"-NOAUTH Authentication required.\r\n"
QUOTA_PAGE = "https://upstash.com/docs/redis/troubleshooting/max_daily_request_limit"
AUTHENTICATION_LATE = b"-ERR DB connection timed-out or wrong username-password given\r\n"
"""Upstash's words when its edge cannot check a token in time: the same as for a wrong one."""
UNAUTHENTICATED = "unauthenticated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A token of one client of the database."""

    client: str
    """Whose it is: `operator`, `worker`, `producer` or `readonly`."""
    username: str
    token: str
    backend_password: str
    """Password of the server's user of the same name; the client never learns it."""


@dataclass(slots=True, kw_only=True)
class Gate:
    """Tokens, counts and quota. Tokens may be replaced while clients are connected."""

    credentials: list[Credential] = field(default_factory=list)
    commands: Counter[str] = field(default_factory=Counter)
    """Commands received so far by client, each one of a pipeline and of a handshake included."""
    daily_limit: int | None = None
    """Commands allowed to all clients together; `None`: the plan has no limit."""

    def admit(self, username: str, token: str) -> Credential | None:
        """The credential a client proved to have, or `None`."""
        for credential in self.credentials:
            if (credential.username, credential.token) == (username, token):
                return credential
        return None

    def bearer(self, token: str) -> Credential | None:
        """The credential behind a token that comes without a name, as it does over HTTP."""
        return next((each for each in self.credentials if each.token == token), None)

    def of(self, client: str) -> Credential:
        """The newest credential of `client`."""
        return next(each for each in reversed(self.credentials) if each.client == client)

    def keep(self, credentials: Iterable[Credential]) -> None:
        """Let these credentials be the only ones."""
        self.credentials = list(credentials)

    def count(self, client: str, commands: int) -> None:
        self.commands[client] += commands

    @property
    def usage(self) -> int:
        """Commands of authenticated clients today."""
        return self.commands.total() - self.commands[UNAUTHENTICATED]

    @property
    def is_exhausted(self) -> bool:
        return self.daily_limit is not None and self.usage > self.daily_limit

    def refusal(self) -> str:
        """What a command beyond the quota is told."""
        return f"ERR max daily request limit exceeded. Limit: {self.daily_limit}, Usage: {self.usage}. See {QUOTA_PAGE}"
