"""Numbers as Russian writes them: a decimal comma, and a noun whose form depends on the number before it.

A translation names the three forms where a format would stand: `{count} {count:задача|задачи|задач}`.
"""

from __future__ import annotations


class _Fraction(float):
    """A decimal comma; a fraction takes the second form: 1,5 задачи."""

    def __format__(self, spec: str) -> str:
        if "|" in spec:
            return _form(int(self), spec) if self.is_integer() else spec.split("|")[1]
        return super().__format__(spec).replace(".", ",")


class _Whole(int):
    def __format__(self, spec: str) -> str:
        return _form(int(self), spec) if "|" in spec else super().__format__(spec)


class _Word(str):
    """What stands for a number that is not known, such as a question mark, takes the last form."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return spec.rsplit("|", maxsplit=1)[-1] if "|" in spec else super().__format__(spec)


def russian(value: str | int | float) -> object:
    """`value`, formatting itself as Russian does."""
    if isinstance(value, float):
        return _Fraction(value)
    if isinstance(value, int):
        return _Whole(value)
    return _Word(value)


def _form(number: int, spec: str) -> str:
    """Source: gettext's plural rule for Russian. What is not translated has two forms."""
    forms = spec.split("|")
    tens, ones = abs(number) % 100, abs(number) % 10
    if 11 <= tens <= 14:
        return forms[-1]
    return forms[0] if ones == 1 else forms[1] if 2 <= ones <= 4 else forms[-1]
