"""Markdown that says what we wrote and nothing that the evidence smuggles in."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from diagnostics.wording import plain

# Only what can come alive is quoted: people edit this text, and every backslash is in their way.
_ANYWHERE = re.compile(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
_START = re.compile(r"^(?:[-+#=]|\d{1,9}[.)])")
_ADDRESS = re.compile(r"(?i)(?<=:)(?=//)|(?<=\bwww)(?=\.)")
_TICKS = re.compile(r"`+")
_COMMENT = re.compile(r"<!(?=--)|--(?=>)")
_SCHEMES = ("https", "http", "mailto")


def escape(value: str) -> str:
    """`value` as literal text on one line: no markup, HTML, link, comment or automatic address comes alive."""
    quoted = _ANYWHERE.sub(r"\\\g<0>", plain(value))
    quoted = quoted.replace("<", "&lt;").replace(">", "&gt;")
    return _ADDRESS.sub(r"\\", _START.sub(_quoted_start, quoted))


def code(value: str) -> str:
    """`value` as an inline code span; empty for nothing."""
    text = _uncommented(value)
    if not text:
        return ""
    fence = "`" * (max((len(t) for t in _TICKS.findall(text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def block(value: str, *, language: str = "bash") -> str:
    """`value` as a fenced block to copy from."""
    fence = "`" * max(3, max((len(t) for t in _TICKS.findall(value)), default=0) + 1)
    return f"{fence}{language}\n{_uncommented(value)}\n{fence}"


def link(label: str, url: str) -> str:
    """A link, or the label alone where the address is not one to follow."""
    if urlsplit(url).scheme not in _SCHEMES:
        return escape(label)
    return f"[{escape(label)}](<{quote(plain(url), safe=':/?#@!$&*+,;=%~.-_')}>)"


def _quoted_start(mark: re.Match[str]) -> str:
    """A list, heading or rule mark that is none: the last character of it is quoted."""
    return mark[0][:-1] + "\\" + mark[0][-1]


def cell(value: str) -> str:
    """`value` for a table cell: `escape` already quotes the bar."""
    return escape(value) or " "


def _uncommented(value: str) -> str:
    """`value` without HTML comment marks: they divide our documents, and code is not escaped."""
    return _COMMENT.sub(lambda mark: mark[0] + " ", plain(value))
