"""The redactor over whole documents and over streams."""

from __future__ import annotations

from functools import cache
from typing import Any, TextIO

from diagnostics.redaction import Redactor


def clean_tree(value: Any, redactor: Redactor) -> Any:
    """`value` (what JSON can hold) with every text in it cleaned, keys included.

    Texts are cleaned before they are written as JSON: a mask put into the written form could swallow the
    backslash of an escaped quote.
    """
    # Rows of one kind repeat their keys and most of their words; a look at a long queue holds thousands.
    clean = cache(redactor.clean)

    def cleaned(value: Any) -> Any:
        if isinstance(value, str):
            return clean(value)
        if isinstance(value, dict):
            return {clean(str(key)): cleaned(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return list(map(cleaned, value))
        return value

    return cleaned(value)


class CleanStream:
    """A text stream that lets no known secret through. Whole lines are cleaned, so a secret cannot hide in halves."""

    def __init__(self, stream: TextIO, redactor: Redactor) -> None:
        self._stream = stream
        self._redactor = redactor
        self._rest = ""
        self.is_broken = False
        """Whether the reader has gone away; what is written after that is dropped, not raised."""

    @property
    def encoding(self) -> str:
        """The encoding of the stream below."""
        return self._stream.encoding

    def write(self, text: str) -> int:
        """Take `text`; pass on what now forms whole lines."""
        whole, newline, self._rest = (self._rest + text).rpartition("\n")
        self._pass_on(whole + newline)
        return len(text)

    def flush(self) -> None:
        """Pass on everything, an unfinished line included."""
        rest, self._rest = self._rest, ""
        self._pass_on(rest)
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self.is_broken = True

    def pass_through(self, text: str) -> None:
        """Write `text` that was cleaned piece by piece already; cleaning JSON as text could break it."""
        self.flush()
        self._write(text)

    def isatty(self) -> bool:
        """Whether a person is looking."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The descriptor below; what is written to it directly is not cleaned."""
        return self._stream.fileno()

    def writable(self) -> bool:
        """Always."""
        return True

    def _pass_on(self, text: str) -> None:
        if text:
            self._write(self._redactor.clean(text))

    def _write(self, text: str) -> None:
        if self.is_broken:
            return
        try:
            self._stream.write(text)
        except UnicodeEncodeError:
            encoding = self.encoding or "ascii"
            self._stream.write(text.encode(encoding, "replace").decode(encoding))
        except (OSError, ValueError):
            self.is_broken = True
