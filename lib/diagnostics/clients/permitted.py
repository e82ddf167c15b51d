"""The allow-list of a vendor's client, enforced before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Sequence

from diagnostics.errors import OperationRefused

Requests = Sequence[tuple[str, str]]
"""Methods and paths. `{name}` in a path stands for one segment, which is neither empty nor made of dots."""
_PLACEHOLDER = re.compile(r"\\\{\w+\\\}")
_SEGMENT = r"(?!\.{1,2}(?:/|$))[^/?#\\]+"


def permit_get(requests: Requests, path: str) -> str:
    """`path`, without query, when a GET of it is on the list. Raises OperationRefused."""
    if not any(method == "GET" and _pattern(listed).fullmatch(path) for method, listed in requests):
        raise OperationRefused(f"GET {path} is not among the permitted reads")
    return path


def _pattern(listed: str) -> re.Pattern[str]:
    return re.compile(_PLACEHOLDER.sub(lambda _: _SEGMENT, re.escape(listed)))
