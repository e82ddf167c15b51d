"""A service's environment variables, described without their values."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from diagnostics.readings import Variable

_OPEN = {
    "JOB_CONCURRENCY": re.compile(r"-?\d{1,6}"),
    "JOB_QUEUE_NAME": re.compile(r"[A-Za-z0-9_:-]{1,60}"),
    "PORT": re.compile(r"\d{1,5}"),
    "NODE_ENV": re.compile(r"[a-z]{1,12}"),
    "LOG_LEVEL": re.compile(r"[a-z]{1,12}"),
}
"""Names whose values are settings, not secrets, and the only form in which they are kept."""
_HOST_OF = "UPSTASH_REDIS_REST_URL"
"""The one URL whose host is judged. It holds no user part; in others an unquoted password can look like a host."""
_PLACEHOLDER = re.compile(r"(?i)your[-_ ]|changeme|placeholder|<[a-z_ -]+>|xxx+")


def described(variables: Mapping[str, str | None]) -> tuple[Variable, ...]:
    """Name, length, shape and a stable truncated fingerprint of each variable; values stop here."""
    return tuple(_describe(name, value or "") for name, value in sorted(variables.items()))


def _describe(name: str, value: str) -> Variable:
    kept = _OPEN.get(name)
    shape = _shape(value)
    return Variable(
        name=name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,80}", name) else "…",
        length=len(value),
        shape=":".join([shape, *_defects(value)]),
        fingerprint=hashlib.sha256(b"runbook:" + value.encode()).hexdigest()[:8] if len(value) >= 16 else "",
        host=_host(value) if shape == "url" and name == _HOST_OF else "",
        value=value if kept and kept.fullmatch(value) else "",
    )


def _shape(value: str) -> str:
    text = value.strip().strip("\"'")
    if not text:
        return "empty"
    if _PLACEHOLDER.search(text):
        return "placeholder"
    if "://" in text:
        return "url"
    if re.fullmatch(r"-?\d+", text):
        return "integer"
    if len(text) >= 16 and re.fullmatch(r"[A-Za-z0-9_+/=.:-]+", text):
        return "token"
    return "identifier" if re.fullmatch(r"[A-Za-z0-9_.:-]+", text) else "text"


def _defects(value: str) -> list[str]:
    """What is typically wrong with a pasted value."""
    defects = []
    if value != value.strip():
        defects.append("stray whitespace")
    if value.strip()[:1] in ("'", '"') and len(value.strip()) > 1:
        defects.append("quotes included")
    return defects


def _host(value: str) -> str:
    try:
        parts = urlsplit(value.strip().strip("\"'"))
    except ValueError:
        return ""
    return "" if "@" in value else parts.hostname or ""
