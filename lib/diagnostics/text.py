"""Sentences as data: an English message id with arguments, rendered in any language later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias, Union

Translate: TypeAlias = Callable[[str], str]
Spoken: TypeAlias = Callable[["str | int | float"], object]
Argument: TypeAlias = Union[str, int, float, "Text"]


def moment(at: datetime, near: datetime) -> str:
    """`at` as an argument of a sentence, in UTC; the date is left out on the day of `near`."""
    at, near = at.astimezone(UTC), near.astimezone(UTC)
    return f"{at:%H:%M:%S}" if at.date() == near.date() else f"{at:%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence.

    `msgid` is a `str.format` template in English and the key of its translations;
    `args` are its values by name. A `Text` among them is rendered in the same language.
    """

    msgid: str
    args: tuple[tuple[str, Argument], ...] = ()

    def render(self, translate: Translate, spoken: Spoken = lambda value: value) -> str:
        """The sentence in another language.

        Args:
            translate: maps English templates to that language's.
            spoken: makes of each value one that formats itself as that language writes numbers.
        """
        values = {
            name: value.render(translate, spoken) if isinstance(value, Text) else spoken(value)
            for name, value in self.args
        }
        return translate(self.msgid).format(**values)

    def __str__(self) -> str:
        return self.render(english)


def text(msgid: str, /, **args: Argument) -> Text:
    """Make a `Text`. The literal first argument is what the message extraction collects."""
    return Text(msgid, tuple(args.items()))


def english(msgid: str) -> str:
    """The source language needs no catalogue."""
    return msgid
