"""Texts of Sentry, classified and masked: what an error is, and what of it may be kept."""

from __future__ import annotations

import re

from diagnostics.clients.routes import without_ids
from diagnostics.clients.symptoms import plain_words
from diagnostics.readings import Nature

_NATURES: tuple[tuple[Nature, re.Pattern[str]], ...] = tuple(
    (nature, re.compile(pattern, re.IGNORECASE))
    for nature, pattern in (
        (
            Nature.DEPLOY_SKEW,
            r"failed to fetch dynamically imported module|loading (css )?chunk \S+ failed|ChunkLoadError|"
            r"failed to find server action|importing a module script failed|failed to fetch module",
        ),
        (
            Nature.EXTENSION,
            r"(chrome|moz|safari-web|safari)-extension:|^script error\.?$|extension context invalidated|"
            r"ResizeObserver loop|message channel closed before a response",
        ),
        (Nature.UPSTREAM_TIMEOUT, r"timed out after \d+ seconds|aborted due to timeout|ETIMEDOUT|gateway timeout"),
        (
            Nature.UPSTREAM_ERROR,
            r"(OpenRouter( \w+)?|LLM|Kommo)( API)?( error| request failed):? \d{3}|Backend request failed|"
            r"OPENROUTER_API_KEY is not|ECONNREFUSED|ECONNRESET",
        ),
        (
            Nature.DATABASE,
            r"PGRST\d{3}|\b(57014|53300|42P01|42501)\b|schema cache|connection pool|"
            r"statement timeout|remaining connection slots",
        ),
    )
)
_OFFLINE = re.compile(
    r"^(TypeError: )?(failed to fetch|load failed|fetch failed|networkerror when|network request failed|cancelled)",
    re.I,
)
_FETCH_FAILED = re.compile(r"\bfetch failed\b", re.IGNORECASE)
_KIND = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,79}")
_SAFE = re.compile(r"[^A-Za-z0-9_./:\[\](){}<>$-]+")
_RELEASE = re.compile(r"[A-Za-z0-9][\w.@+-]{0,79}")


def nature_of(*, kind: str, message: str, file: str, is_browser: bool) -> Nature:
    """What kind of error it is."""
    told = f"{kind}: {message}" if kind else message
    for nature, pattern in _NATURES:
        if pattern.search(told) or pattern.search(message.strip()) or (file and pattern.search(file)):
            return nature
    if is_browser and (_OFFLINE.search(message.strip()) or _OFFLINE.search(told)):
        return Nature.OFFLINE
    return Nature.UPSTREAM_ERROR if _FETCH_FAILED.search(message) else Nature.CODE


def kind_of(text: str) -> str:
    """An exception's type, or empty when it is none."""
    return text if _KIND.fullmatch(text) else ""


def detail_of(message: str) -> str:
    """A message reduced to words that can hold no secret."""
    return plain_words(message.splitlines()[0] if message.strip() else "")


def route_of(text: str) -> str:
    """A route or function with its ids masked, at most 80 characters."""
    path = text.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0]
    return _SAFE.sub(" ", without_ids(path, placeholder="[id]")).strip()[:80] if "@" not in path else ""


def file_of(path: str) -> str:
    """The last three parts of a file's path."""
    return "/".join(route_of(path).split("/")[-3:])


def release_of(text: str) -> str:
    """A release's name, or empty when it does not look like one."""
    return text if _RELEASE.fullmatch(text) else ""
