"""Streams let no secret through, whole or in halves."""

from __future__ import annotations

import io

from diagnostics.redaction import Redactor
from oncall.cleaning import CleanStream, clean_tree

REDACTOR = Redactor(["s3cret-value"])


def test_a_secret_written_in_two_halves_is_found() -> None:
    """print() writes piece by piece."""
    below = io.StringIO()
    stream = CleanStream(below, REDACTOR)
    stream.write("before s3cret")
    assert below.getvalue() == ""
    stream.write("-value after\nrest")
    assert below.getvalue() == "before ••• after\n"
    stream.flush()
    assert below.getvalue() == "before ••• after\nrest"


def test_a_reader_that_has_gone_away_is_no_error() -> None:
    """`runbook triage | head -1` must still end with the right exit code."""

    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    stream = CleanStream(Gone(), REDACTOR)
    stream.write("a line\n")
    assert stream.is_broken


def test_a_terminal_without_our_letters_gets_question_marks() -> None:
    """Rather than a traceback."""
    raw = io.BytesIO()
    stream = CleanStream(io.TextIOWrapper(raw, "ascii"), REDACTOR)
    stream.write("проверка\n")
    stream.flush()
    assert raw.getvalue() == b"????????\n"


def test_every_text_in_a_tree_is_cleaned() -> None:
    """Keys and tuples too; other values stay what they are."""
    tree = {"s3cret-value": ["s3cret-value", 1, None, ("x", True)]}
    assert clean_tree(tree, REDACTOR) == {"•••": ["•••", 1, None, ["x", True]]}
