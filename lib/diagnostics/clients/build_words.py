"""Lines of a build log with what could be a secret masked: file names, identifiers and plain words stay."""

from __future__ import annotations

import re

_ASSIGNED = re.compile(r"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(\s*[:=]\s*)\S+")
_ANNOUNCED = r"(?:password|passwd|secret|token|key|credentials?)\b"
_NAMED = re.compile(
    rf"(\b(?-i:[a-z]+_|[a-z]+(?=[A-Z]))?{_ANNOUNCED}[^\w\s]*(?:\s+is\b)?\s*[:=]*\s*)(?!{_ANNOUNCED})[^\s:=…]\S*",
    re.IGNORECASE,
)
"""A word that announces a secret, and the word after it, which may look like any other."""
_KEPT = (
    re.compile(r"[A-Za-z][A-Za-z'-]{0,22}"),
    re.compile(r"(?!(?=.*\d).{16})[A-Z][A-Z0-9]*(?:_[A-Z0-9]+){1,8}(?:=…)?"),  # long and with digits it is a key
    re.compile(r"(?=.{1,23}$)[a-z]{1,20}(?:[A-Z][a-z]{1,20}){1,5}"),
    re.compile(
        r"(?=.*[/.:])@?(?:\.{0,2}/)?(?:[A-Za-z_()\[\].-]{1,40}/){0,8}[A-Za-z_()\[\]-]{1,40}(?:\.[a-z]{1,5}){0,2}(?::\d{1,5}){0,2}"
    ),
    re.compile(r"\d{1,5}(?::\d{1,5})?"),
    re.compile(r"[A-Z]{1,6}\d{1,5}"),
    re.compile(r"[^\w\s]{1,3}"),
)
"""Words, names of variables and identifiers, file positions, small numbers, error codes, punctuation."""
_EDGES = ".,;:!?\"'`(){}<>"
_MOST = 200


def masked(line: str) -> str:
    """`line` without values: whatever is not one of the known forms becomes `…`; at most 200 characters."""
    line = _NAMED.sub(r"\1…", _ASSIGNED.sub(r"\1\2…", line[:2000]))
    kept: list[str] = []
    for token in line.split():
        core = token.strip(_EDGES)
        if not core or core == "…" or any(form.fullmatch(core) for form in _KEPT):
            kept.append(token)
        elif not kept or kept[-1] != "…":
            kept.append("…")
    return " ".join(kept)[:_MOST]
