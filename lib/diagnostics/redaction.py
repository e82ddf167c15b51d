"""The one place that hides secrets.

Known secrets are replaced in every spelling we can foresee; a few shapes that are secret
whatever their value (credentials in a URL, bearer tokens, JSON web tokens) are replaced too.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from diagnostics.settings import Settings

MASK = "•••"
_SHORTEST = 6
_SECRET_NAME = re.compile(r"(TOKEN|SECRET|PASSW|CREDENTIAL|PRIVATE|API_?KEY|_KEY$|DSN|AUTH)", re.IGNORECASE)
_SHAPES = (
    (re.compile(r"(?<=://)[^/\s\"'@:]*:[^/\s\"'@]*(?=@)"), MASK),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {MASK}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.?[A-Za-z0-9_-]*"), MASK),
    (re.compile(r"\b(sk-or-v1-|sbp_|sk_live_|ghp_|xox[bp]-)[A-Za-z0-9_-]{8,}"), MASK),
    (re.compile(r"(?i)([?&](?:[a-z_-]*(?:token|key|secret|password|signature))=)[^&\s\"'<>\\]+"), rf"\1{MASK}"),
)


class Redactor:
    """Replaces known secrets, plain, URL-encoded, JSON- and HTML-escaped and base64-encoded."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        values = {s for secret in secrets if len(s := secret.strip()) >= _SHORTEST}
        forms = {form for value in values for form in _forms(value)}
        self._forms = sorted(forms, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, self._forms))) if forms else None

    def clean(self, text: str) -> str:
        """`text` without any known secret or secret-shaped part."""
        if self._known:
            text = self._known.sub(MASK, text)
        for pattern, replacement in _SHAPES:
            text = pattern.sub(replacement, text)
        return text

    def clean_bytes(self, data: bytes) -> bytes:
        """The same over UTF-8 text; bytes that are not text pass unchanged, see `leaks`."""
        try:
            return self.clean(data.decode("utf-8")).encode("utf-8")
        except UnicodeDecodeError:
            return data

    def leaks(self, data: bytes) -> bool:
        """Whether a known secret is still in `data`, text or not."""
        readings = (data.decode("latin-1"), data.decode("utf-8", "ignore"))
        # Ten times as quick as the pattern, and a report is as long as a book.
        return any(form in text for text in readings for form in self._forms)


def redactor_for(settings: Settings | None, environ: Mapping[str, str]) -> Redactor:
    """A redactor that knows the settings' secrets and every secret-looking variable of `environ`."""
    values = [s.get_secret_value() for s in settings.secrets.values()] if settings else []
    values += [value for name, value in environ.items() if _SECRET_NAME.search(name) and len(value) >= 8]
    if settings:
        profile = settings.profile
        values += [
            s.base_url
            for s in (profile.worker, profile.railway, profile.openrouter, profile.frontend, profile.vercel)
            if s and s.base_url
        ]
    urls = [*values, *(value for value in environ.values() if "://" in value)]
    parts = [part for url in urls if "://" in url for part in _credentials(url)]
    return Redactor([*(v for v in values if "://" not in v), *parts])


def _credentials(url: str) -> Iterator[str]:
    """The secret parts of a URL: its password and its query values, also where the URL is not well formed."""
    # A password pasted without encoding may hold `/` or `@` and then ends only at the last `@`.
    if pasted := re.match(r"[a-z+]+://[^:/@\s]*:(?P<password>.+)@", url):
        yield pasted["password"]
        yield unquote(pasted["password"])
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    if parts.password:
        yield parts.password
    elif parts.username:
        yield parts.username
    for _, value in parse_qsl(parts.query):
        yield value


def _bytes(value: str) -> bytes:
    """`value` as it stood in the environment, which may hold bytes that are not UTF-8."""
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")


def _entities(value: str) -> str:
    """HTML as template engines escape it, with numbers for the quotes."""
    return html.escape(value, quote=False).replace('"', "&#34;").replace("'", "&#39;")


def _forms(value: str) -> Iterator[str]:
    raw = _bytes(value)
    for written in (value, html.escape(value), html.escape(value, quote=False), _entities(value)):
        yield written
        for escaped in (json.dumps(written)[1:-1], json.dumps(written, ensure_ascii=False)[1:-1]):
            yield escaped
            yield escaped.replace("/", "\\/")
    # Python's ways of quoting and JavaScript's, with hex digits in either case.
    for quoted in (quote_plus(raw), *(quote(raw, safe=safe) for safe in ("", "/", "!*'()", "!*'()/"))):
        yield quoted
        yield re.sub(r"%[0-9A-F]{2}", lambda code: code[0].lower(), quoted)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            # A secret inside a longer encoded text: drop the characters its neighbours share.
            body = encode(b"\0" * shift + raw).decode().rstrip("=")
            start = (0, 2, 3)[shift]
            end = len(body) - (1 if (len(raw) + shift) % 3 else 0)
            if end - start >= _SHORTEST:
                yield body[start:end]
