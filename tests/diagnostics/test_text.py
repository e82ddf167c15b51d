"""Sentences as data."""

from __future__ import annotations

import pytest

from diagnostics.text import Text, english, text


def test_arguments_fill_the_template() -> None:
    """A sentence is its template with its values, formatted as the template says."""
    assert str(text("{n:.1f} of {total} {what}", n=1.25, total=3, what="jobs")) == "1.2 of 3 jobs"


def test_rendering_goes_through_the_translation() -> None:
    """The template is the key; values stay."""
    russian = {"{n} jobs": "заданий: {n}"}
    assert text("{n} jobs", n=5).render(lambda msgid: russian[msgid]) == "заданий: 5"


def test_inner_sentences_are_translated_too() -> None:
    """A sentence among the values is rendered in the same language."""
    words = {"the log shows {what}": "в журнале {what}", "a timeout": "таймаут"}
    assert text("the log shows {what}", what=text("a timeout")).render(lambda m: words[m]) == "в журнале таймаут"


@pytest.mark.parametrize("value", ["{braces}", "{0}", "{", "}}", "%s", "\\n"])
def test_values_are_never_templates(value: str) -> None:
    """Text from a system under diagnosis cannot reach into the sentence."""
    assert str(text("it says {what}", what=value)) == f"it says {value}"


def test_equal_sentences_are_equal() -> None:
    """Sentences are values: they compare and hash."""
    assert len({text("a {b}", b=1), Text("a {b}", (("b", 1),)), text("a {b}", b=2)}) == 2


def test_english_needs_no_catalogue() -> None:
    """The source language is the message id."""
    assert english("as it is") == "as it is"
