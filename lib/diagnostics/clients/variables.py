"""A service's environment variables, described without their values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from diagnostics.fingerprint import fingerprint
from diagnostics.readings import Variable

_OPEN = {
    "JOB_CONCURRENCY": re.compile(r"-?\d{1,6}"),
    "JOB_QUEUE_NAME": re.compile(r"[A-Za-z0-9_:-]{1,60}"),
    "PORT": re.compile(r"\d{1,5}"),
    "NODE_ENV": re.compile(r"[a-z]{1,12}"),
    "LOG_LEVEL": re.compile(r"[a-z]{1,12}"),
}
"""Names whose values are settings, not secrets, and the only form in which they are kept."""
_HOST_OF = ("UPSTASH_REDIS_REST_URL", "SUPABASE_URL")
"""URLs whose host is judged. They hold no user part; in others an unquoted password can look like a host."""
_UNQUOTED = ("UPSTASH_REDIS_REST_TOKEN",)
"""Secrets that the worker puts into a URL as they are. Source: the platform's 1.1."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PLACEHOLDER = re.compile(
    r"(?i)(?<![a-z0-9])your[-_ ]|changeme|placeholder|<[a-z_ -]+>|x{6}|(?:^|[-_.:/ ])x{3,}(?:$|[-_.:/ ])"
)
"""Three x in a row stand in one of a hundred random secrets: they count as a word of their own, or in great number."""


def described(variables: Mapping[str, str | None]) -> tuple[Variable, ...]:
    """Name, length, shape and a stable truncated fingerprint of each variable; values stop here."""
    return tuple(_describe(name, value or "") for name, value in sorted(variables.items()))


def _describe(name: str, value: str) -> Variable:
    kept = _OPEN.get(name)
    shape = _shape(value)
    return Variable(
        name=name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,80}", name) else "…",
        length=len(value),
        shape=":".join([shape, *_defects(name, value)]),
        fingerprint=fingerprint(value),
        host=_host(value) if shape == "url" and name in _HOST_OF else "",
        port=_port(value) if shape == "url" and name in _HOST_OF else None,
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


def _defects(name: str, value: str) -> list[str]:
    """What is typically wrong with a pasted value."""
    defects = []
    if name in _HOST_OF and value.strip().startswith("http://") and _host(value) not in _LOOPBACK:
        defects.append("http instead of https")
    if name in _UNQUOTED and re.search(r"[/+@:?#%]", value):
        defects.append("characters that mean something in a URL")
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


def _port(value: str) -> int | None:
    try:
        return urlsplit(value.strip().strip("\"'")).port
    except ValueError:
        return None
