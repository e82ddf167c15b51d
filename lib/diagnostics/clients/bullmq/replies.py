"""What Redis said, as values: a refused read or a missing field is `None`, never zero."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from diagnostics.errors import ClientError


def count(reply: Any) -> int | None:
    """A count, or `None` when this one read was refused. A key that is not there counts zero."""
    if isinstance(reply, ClientError):
        return None
    if reply is None:
        return 0
    return reply if isinstance(reply, int) else whole(text(reply))


def number(reply: Any) -> int | None:
    """A number somebody set, or `None` when there is none or the read was refused."""
    return None if reply is None or isinstance(reply, ClientError) else whole(text(reply))


def ids(reply: Any) -> list[str]:
    """Ids of a list; none when the read was refused."""
    return [] if isinstance(reply, ClientError) else [text(item) for item in reply or []]


def score_time(reply: Any) -> datetime | None:
    """The instant in the score of the only member of a ZRANGE … WITHSCORES."""
    if isinstance(reply, ClientError) or not reply:
        return None
    score = reply[0][1] if isinstance(reply[0], tuple | list) else reply[1]
    return instant(int(float(text(score))))


def time(reply: Any) -> datetime | None:
    """The instant in a field of epoch milliseconds."""
    milliseconds = number(reply)
    return None if milliseconds is None else instant(milliseconds)


def instant(milliseconds: int) -> datetime | None:
    """Epoch milliseconds as a UTC instant; `None` for what no calendar holds."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def whole(value: str) -> int | None:
    """An integer, or `None` for any other text."""
    try:
        return int(value)
    except ValueError:
        return None


def text(value: Any) -> str:
    """Text of a reply; empty for what is missing or refused."""
    if value is None or isinstance(value, ClientError):
        return ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
