"""What of a path is somebody's: ids and tokens, whichever vendor tells the path."""

from __future__ import annotations

import re

_ID = re.compile(
    r"\d+|[0-9a-f]{12,}|[0-9a-f]{8}-[0-9a-f-]{20,}|[A-Za-z0-9_-]{16,}|eyJ[\w.-]+|.*%40.*",
    re.IGNORECASE | re.DOTALL,
)
"""Numbers, hashes, whatever is long enough for a token, a web token with its dots, an address."""
_SEGMENT = re.compile(r"(?<=/)[^/\s]+")


def is_id(segment: str) -> bool:
    """Whether one segment of a path looks like somebody's id or token."""
    return _ID.fullmatch(segment) is not None


def without_ids(path: str, *, placeholder: str) -> str:
    """`path`, which may stand within a text, with `placeholder` for the segments that are ids."""
    return _SEGMENT.sub(lambda found: placeholder if is_id(found[0]) else found[0], path)
