"""A bounded look over all keys: which queues there are, and what else lies about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from diagnostics.clients.bullmq.replies import text
from diagnostics.clients.reader import Reader
from diagnostics.errors import ClientError, Unauthorized

KEYS = 2000
"""Keys asked for at once: a SCAN of so many holds the server about half a millisecond."""
FALLBACK = "dlq:fallback:"
"""What the worker's dead letters are called when their queue refuses them."""
_OF_QUEUES = ("meta", "id")
"""Every queue to which a job was ever added has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyspace:
    """What a scan met. `foreign` and `fallback` are `None` when nothing could be scanned."""

    queues: tuple[str, ...] = ()
    scanned: int | None = None
    total: int | None = None
    is_complete: bool = False
    is_refused: bool = False
    """The credentials do not permit a scan."""
    fallback: int | None = None
    foreign: int | None = None


async def read_keyspace(redis: Reader, prefix: str, *, known: Iterable[str]) -> Keyspace:
    """One SCAN; DBSIZE beside it when it did not see everything; EXISTS where a name is in doubt (1 to 4 commands)."""
    (answer,) = await redis.read(("SCAN", 0, "COUNT", KEYS))
    if isinstance(answer, ClientError):
        return Keyspace(is_refused=isinstance(answer, Unauthorized))
    cursor, raw = answer
    keys = {text(key) for key in raw}
    is_complete = int(text(cursor)) == 0
    (size,) = (len(keys),) if is_complete else await redis.read(("DBSIZE",))
    below = [key.removeprefix(f"{prefix}:") for key in keys if key.startswith(f"{prefix}:")]
    queues = {key.removesuffix(f":{end}") for key in below for end in _OF_QUEUES if key.endswith(f":{end}")}
    queues |= set(known)
    strangers = [key for key in below if not any(key.startswith(f"{queue}:") for queue in queues)]
    if not is_complete and strangers:
        strangers = await _unowned(redis, prefix, strangers)
    return Keyspace(
        queues=tuple(sorted(q for q in queues if f"{prefix}:{q}:meta" in keys or f"{prefix}:{q}:id" in keys)),
        scanned=len(keys),
        total=size if isinstance(size, int) else None,
        is_complete=is_complete,
        fallback=sum(key.startswith(FALLBACK) for key in keys),
        foreign=len(strangers),
    )


async def _unowned(redis: Reader, prefix: str, keys: list[str]) -> list[str]:
    """Keys that belong to no queue although the scan may have missed its `meta`: at most two names are asked for."""
    names = sorted({key.rsplit(":", 1)[0] for key in keys if ":" in key})[:2]
    if not names:
        return keys
    found = await redis.read(*(("EXISTS", *(f"{prefix}:{name}:{end}" for end in _OF_QUEUES)) for name in names))
    owned = {name for name, exists in zip(names, found, strict=True) if exists}
    return [key for key in keys if key.rsplit(":", 1)[0] not in owned]
