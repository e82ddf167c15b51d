"""The shape of a SQL statement: what it does to which tables, without any literal or comment."""

from __future__ import annotations

import re

MOST = 160
"""Characters of a shape."""
_DROPPED = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?(?:\*/|$))|"  # one pass for all: a comment's sign within a literal opens none
    r"\$(?P<tag>[A-Za-z_]*)\$.*?(?:\$(?P=tag)\$|$)"  # dollar-quoted, also where the text was cut within it
    r"|(?<![A-Za-z0-9_$])[Ee]'(?:[^'\\]|''|\\.)*(?:'|$)"  # only here does a backslash escape the quote
    r"|(?:(?<![A-Za-z0-9_$])(?:[BbXxNn]|[Uu]&))?'(?:[^']|'')*(?:'|$)"
    r"|(?<![A-Za-z0-9_$])-?\d[\w.]*",
    re.DOTALL,
)
_WORD = re.compile(r"[A-Za-z_\"][A-Za-z0-9_\".$]{0,62}|\$\d{1,3}|[?(),.*=<>!+|/;:\[\]-]{1,4}")
_NAME = re.compile(r"[A-Za-z0-9 _.:/()-]{1,40}")


def shape(statement: str) -> str:
    """`statement` on one line with `?` for every literal; nothing but words, placeholders and signs remains."""
    bare = _DROPPED.sub(lambda found: " " if found["comment"] else "?", statement)
    kept = " ".join(_WORD.findall(bare))
    return kept if len(kept) <= MOST else kept[: MOST - 1] + "…"


def application(name: str) -> str:
    """An application's name as it may be shown; `…` for one of another form, `?` for none."""
    if not name.strip():
        return "?"
    return name.strip() if _NAME.fullmatch(name.strip()) else "…"
