"""Markdown that says what we wrote and nothing that the evidence smuggles in."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from diagnostics.wording import plain

# Only what can come alive is quoted: people edit this text, and every backslash is in their way.
_ANYWHERE = re.compile(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
_START = re.compile(r"^(?:[-+#=>]|\d{1,9}[.)](?!\S))")
_ADDRESS = re.compile(r"(?i)((?:[a-z][a-z0-9+.-]*://|\bwww\.)[^\s|`]*[^\s|`.,:;!?)'\"])")
_AUTOMATIC = re.compile(r"(?i)(?<=:)(?=//)|(?<=\bwww)(?=\.)")
_TICKS = re.compile(r"`+")
_COMMENT = re.compile(r"<!(?=--)|--(?=>)")
_SCHEMES = ("https", "http", "mailto")


def escape(value: str) -> str:
    """`value` as literal text on one line: no markup, HTML, link, comment or automatic address comes alive.

    An address is shown as code: nothing makes a link of it, and it can be copied as it is.
    """
    texts, addresses = (_ADDRESS.split(plain(value))[which::2] for which in (0, 1))
    quoted = [_quoted(text, at_start=number == 0) for number, text in enumerate(texts)]
    return "".join(text + code(address) for text, address in zip(quoted, [*addresses, ""], strict=True))


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


def _quoted(text: str, *, at_start: bool) -> str:
    quoted = _ANYWHERE.sub(r"\\\g<0>", text).replace("<", "&lt;")
    return _AUTOMATIC.sub(r"\\", _START.sub(_quoted_start, quoted) if at_start else quoted)


def _quoted_start(mark: re.Match[str]) -> str:
    """A list, heading or rule mark that is none: the last character of it is quoted."""
    return mark[0][:-1] + "\\" + mark[0][-1]


def cell(value: str) -> str:
    """`value` for a table cell: `escape` already quotes the bar."""
    return escape(value) or " "


def _uncommented(value: str) -> str:
    """`value` without HTML comment marks: they divide our documents, and code is not escaped."""
    return _COMMENT.sub(lambda mark: mark[0] + " ", plain(value))
