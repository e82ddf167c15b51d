"""Railway's log filter: words, "phrases", `@key:value`, `replica:id`, AND, OR, `-` and parentheses.

Words stand for substrings of the message; terms side by side mean AND, which binds tighter than OR.
Railway does not say whether case matters. Here it does not.
"""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress

from sandbox.service import LogLine

Predicate = Callable[[LogLine], bool]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<open>\()
    | (?P<close>\))
    | (?P<minus>-)(?=\S)
    | (?P<term>(?:@[^\s():"]+|replica):(?:"[^"]*"|[^\s()"]+))
    | "(?P<phrase>[^"]*)"
    | (?P<word>(?!-)[^\s()"]+)
    )""",
    re.VERBOSE,
)
_COMPARISON = re.compile(r"(?P<sign>>=|<=|>|<)(?P<number>-?\d+(?:\.\d+)?)$")
_RANGE = re.compile(r"(?P<low>-?\d+(?:\.\d+)?)\.\.(?P<high>-?\d+(?:\.\d+)?)$")
_ELEMENT = re.compile(r"(?P<key>.+)\[(?P<index>\d+)\]$")
_LEVELS = {"err": "error", "warning": "warn"}
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
}


class FilterError(ValueError):
    """The filter cannot be read."""


def parse_filter(text: str | None, *, service_id: str) -> Predicate:
    """Turn a filter into a predicate over the lines of one service. No filter accepts every line."""
    if text is None or not text.strip():
        return lambda _line: True
    return _Parser(_tokens(text), service_id).whole()


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise FilterError(f"cannot read the filter from character {position}: {text[position:][:20]!r}")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


class _Parser:
    """Recursive descent: any → all → one."""

    def __init__(self, tokens: list[tuple[str, str]], service_id: str) -> None:
        self._tokens = tokens
        self._service_id = service_id

    def whole(self) -> Predicate:
        predicate = self._any()
        if self._tokens:
            raise FilterError(f"unexpected {self._tokens[0][1]!r} in the filter")
        return predicate

    def _any(self) -> Predicate:
        choices = [self._all()]
        while self._next_is("word", "OR"):
            self._tokens.pop(0)
            choices.append(self._all())
        return choices[0] if len(choices) == 1 else lambda line: any(choice(line) for choice in choices)

    def _all(self) -> Predicate:
        parts = [self._one()]
        while self._tokens and not self._next_is("word", "OR") and not self._next_is("close"):
            if self._next_is("word", "AND"):
                self._tokens.pop(0)
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda line: all(part(line) for part in parts)

    def _one(self) -> Predicate:
        if not self._tokens:
            raise FilterError("the filter ends where a term was expected")
        kind, text = self._tokens.pop(0)
        if kind == "minus":
            negated = self._one()
            return lambda line: not negated(line)
        if kind == "open":
            inner = self._any()
            if not self._next_is("close"):
                raise FilterError("a parenthesis of the filter is not closed")
            self._tokens.pop(0)
            return inner
        if kind == "close" or (kind == "word" and text in ("AND", "OR")):
            raise FilterError(f"unexpected {text!r} in the filter")
        return _term(text, self._service_id) if kind == "term" else _substring(text)

    def _next_is(self, kind: str, text: str | None = None) -> bool:
        return bool(self._tokens) and self._tokens[0][0] == kind and text in (None, self._tokens[0][1])


def _substring(text: str) -> Predicate:
    wanted = text.casefold()
    return lambda line: wanted in line.message.casefold()


def _term(text: str, service_id: str) -> Predicate:
    key, _, wanted = text.removeprefix("@").partition(":")
    wanted = wanted.strip('"')
    match key:
        case "replica":
            return lambda line: line.instance_id == wanted
        case "service":
            return lambda _line: service_id == wanted
        case "level":
            level = _LEVELS.get(wanted.lower(), wanted.lower())
            return lambda line: _LEVELS.get(line.severity, line.severity) == level
    return lambda line: _matches(_attribute(line.attributes, key), wanted)


def _attribute(attributes: Mapping[str, str], key: str) -> object:
    if key in attributes:
        return decode_attribute(attributes[key])
    if (element := _ELEMENT.match(key)) and element["key"] in attributes:
        values = decode_attribute(attributes[element["key"]])
        index = int(element["index"])
        if isinstance(values, list) and index < len(values):
            return values[index]
    return None


def _matches(value: object, wanted: str) -> bool:
    if value is None:
        return False
    with suppress(TypeError, ValueError):
        if comparison := _COMPARISON.match(wanted):
            return _COMPARE[comparison["sign"]](float(str(value)), float(comparison["number"]))
        if bounds := _RANGE.match(wanted):
            return float(bounds["low"]) <= float(str(value)) <= float(bounds["high"])
    text = value if isinstance(value, str) else json.dumps(value)
    return text.casefold() == wanted.casefold()


def decode_attribute(text: str) -> object:
    """The value behind an attribute's text, which is JSON or, failing that, itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text
