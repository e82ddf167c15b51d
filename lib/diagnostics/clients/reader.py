"""What every way of reading Redis shares: the allow-list, the interface, and the meaning of an error reply."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

from diagnostics.clients.symptoms import recognise
from diagnostics.errors import ClientError, OperationRefused, QuotaExhausted, SchemaError, Unauthorized
from diagnostics.readings import Symptom

Command: TypeAlias = tuple[str | int, ...]
ALLOWED = frozenset(
    "EXISTS LLEN ZCARD GET MGET HGET HMGET LRANGE ZRANGE XREVRANGE PTTL SCAN DBSIZE SORT_RO EVAL_RO INFO".split()
)


class Reader(Protocol):
    """Reads from one database; who calls it does not know which way they travel."""

    where: str
    """Scheme, host and port of the way in use, without credentials."""

    async def read(self, *commands: Command) -> list[Any]:
        """Send `commands` in one pipeline (no MULTI); their replies in order, an error object for a refused one.

        Replies have the same form whatever the way: `bytes`, `int`, `None`, lists of these, and what redis-py makes
        of structured ones (a dict of INFO, pairs of a stream).

        Raises: ClientError when the way, not one command, failed; BudgetExhausted; OperationRefused.
        """

    async def close(self) -> None:
        """End the connection; never raises."""

    async def latency(self, key: str) -> float:
        """Seconds of one EXISTS, connection included when it is the first command."""
        started = time.monotonic()
        await self.read(("EXISTS", key))
        return time.monotonic() - started


class Shapes:
    """redis-py's own shaping of replies, so that every way gives the same forms."""

    def __init__(self, where: str) -> None:
        from redis.asyncio import Redis  # noqa: PLC0415 - as late as the connection

        self._where = where
        # Never connects. A plain dict: redis-py's own folds the case of a name at every look.
        self._shapes = dict(Redis(protocol=2).response_callbacks)

    def of(self, commands: Sequence[Command], replies: Sequence[Any]) -> list[Any]:
        """Replies in order, shaped after their commands. Raises SchemaError for what is no reply to its command."""
        pairs = zip(commands, replies, strict=True)
        return [self._shaped(str(command[0]), reply, number) for number, (command, reply) in enumerate(pairs)]

    def _shaped(self, name: str, reply: Any, number: int) -> Any:
        shape = self._shapes.get(name)
        if shape is None or isinstance(reply, ClientError):
            return reply
        try:
            return shape(reply)
        except (TypeError, ValueError, LookupError, AttributeError):
            path = f"$[{number}].result"
            raise SchemaError(f"{self._where}: field {path} is no reply to {name}", path=path) from None


def permit(commands: Sequence[Command]) -> None:
    """Let reads pass. Raises OperationRefused for anything else, before it is sent or paid for."""
    for command in commands:
        if command[0] not in ALLOWED:
            raise OperationRefused(f"{command[0]} is not among the permitted reads")


def refusal(message: str, where: str) -> ClientError:
    """Our error for the error reply to one command; nothing of the server's words but their meaning is kept."""
    symptom = recognise(message)
    if symptom is Symptom.QUOTA_EXHAUSTED:
        return QuotaExhausted(f"{where}: the plan's request limit is reached")
    if "NOPERM" in message or "no permissions" in message.lower():
        return Unauthorized(f"{where}: the credentials do not permit this read")
    if symptom is Symptom.CREDENTIALS_REJECTED:
        return Unauthorized(f"{where}: the credentials are refused")
    return SchemaError(f"{where}: the server refuses this read", path="$")
