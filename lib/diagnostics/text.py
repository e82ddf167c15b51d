"""Sentences as data: an English message id with arguments, rendered in any language later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, Union

Translate: TypeAlias = Callable[[str], str]
Argument: TypeAlias = Union[str, int, float, "Text"]


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence.

    `msgid` is a `str.format` template in English and the key of its translations;
    `args` are its values by name. A `Text` among them is rendered in the same language.
    """

    msgid: str
    args: tuple[tuple[str, Argument], ...] = ()

    def render(self, translate: Translate) -> str:
        """The sentence through `translate`, which maps English templates to another language's."""
        values = {name: value.render(translate) if isinstance(value, Text) else value for name, value in self.args}
        return translate(self.msgid).format(**values)

    def __str__(self) -> str:
        return self.render(english)


def text(msgid: str, /, **args: Argument) -> Text:
    """Make a `Text`. The literal first argument is what the message extraction collects."""
    return Text(msgid, tuple(args.items()))


def english(msgid: str) -> str:
    """The source language needs no catalogue."""
    return msgid
