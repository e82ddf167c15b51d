"""`evidence.jsonl`: one run's question, readings and cost, written and read back without loss."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from diagnostics.errors import SettingsError
from diagnostics.model import Cost, Evidence
from diagnostics.readings import Reading
from diagnostics.redaction import Redactor
from diagnostics.scope import Scope
from diagnostics.text import Text

SCHEMA = "evidence/1"
_KINDS: dict[str, type] = {kind.__name__: kind for kind in Reading.__args__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trailer:
    """How looking ended. Judging copies these and computes none."""

    finished_at: datetime
    elapsed_s: float
    spent: Cost
    partial: bool
    internal_errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A whole evidence file. `trailer` is `None` when the run died before it could write one."""

    scope: Scope
    evidence: tuple[Evidence, ...]
    trailer: Trailer | None


def header_line(scope: Scope) -> str:
    """The first line: the question."""
    return _line({"schema": SCHEMA, "line": "header", **_adapter(Scope).dump_python(scope, mode="json")})


def evidence_line(item: Evidence) -> str:
    """One line for one piece of evidence; `reading` carries its class as `type`."""
    body = _adapter(Evidence).dump_python(item, mode="json", exclude={"reading"})
    if item.reading is not None:
        kind: type = type(item.reading)
        body["reading"] = {"type": kind.__name__, **_adapter(kind).dump_python(item.reading, mode="json")}
    return _line({"line": "evidence", **body})


def trailer_line(trailer: Trailer) -> str:
    """The last line."""
    return _line({"line": "trailer", **_adapter(Trailer).dump_python(trailer, mode="json")})


def write(scope: Scope, evidence: Iterable[Evidence], trailer: Trailer) -> list[str]:
    """All lines of one file, in order."""
    return [header_line(scope), *map(evidence_line, evidence), trailer_line(trailer)]


def read(text: str) -> Recording:
    """Parse an evidence file. A last line cut short by a death is ignored.

    Raises: SettingsError naming the line that is not ours.
    """
    scope: Scope | None = None
    evidence: list[Evidence] = []
    trailer: Trailer | None = None
    # Not `splitlines`: texts may hold line separators of Unicode, which JSON does not escape.
    lines = text.removesuffix("\n").split("\n")
    for number, line in enumerate(lines, start=1):
        try:
            body = json.loads(line)
            match body.pop("line"):
                case "header":
                    _known(body.pop("schema"))
                    scope = _adapter(Scope).validate_python(body, strict=False)
                case "evidence":
                    evidence.append(_evidence(body))
                case "trailer":
                    trailer = _adapter(Trailer).validate_python(body)
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
            if number == len(lines) and not text.endswith("\n"):
                break
            raise SettingsError(f"evidence line {number} cannot be read: {str(error).splitlines()[0]}") from None
    if scope is None:
        raise SettingsError("evidence has no header line")
    return Recording(scope=scope, evidence=tuple(evidence), trailer=trailer)


def redacted(item: Evidence, redactor: Redactor) -> Evidence:
    """`item` with every text cleaned; what judgement sees, live and in replay alike.

    Texts are cleaned one by one, not the line: a secret of digits must not eat into a number.
    """
    remembered = cache(redactor.clean)

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return remembered(value)
        if isinstance(value, Text):
            return Text(value.msgid, tuple((name, clean(argument)) for name, argument in value.args))
        if isinstance(value, tuple):
            return tuple(map(clean, value))
        if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{f.name: clean(getattr(value, f.name)) for f in fields(value)})
        return value

    cleaned = replace(
        item,
        source=clean(item.source),
        reading=clean(item.reading),
        failure=clean(item.failure),
        excerpt=clean(item.excerpt),
    )
    body = json.loads(evidence_line(cleaned))
    body.pop("line")
    return _evidence(body)


def _known(schema: object) -> None:
    if schema != SCHEMA:
        raise SettingsError(f"evidence has the schema {schema!r}; this version reads {SCHEMA!r}")


def _evidence(body: dict[str, Any]) -> Evidence:
    raw = body.pop("reading", None)
    item: Evidence = _adapter(Evidence).validate_python(body)
    if raw is None:
        return item
    name = raw.pop("type")
    if name not in _KINDS:
        raise SettingsError(f"evidence kind {name!r} is not known to this version")
    fields = {name: getattr(item, name) for name in Evidence.__slots__ if name != "reading"}
    return Evidence(**fields, reading=_adapter(_KINDS[name]).validate_python(raw))


@cache
def _adapter(of: type) -> TypeAdapter[Any]:
    """Made at first use: the first line is written while the systems are still awaited."""
    return TypeAdapter(of)


def _line(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
