"""Numbers as Russian writes them."""

from __future__ import annotations

import pytest

from diagnostics.russian import russian
from diagnostics.text import text
from diagnostics.wording import Wording

FORMS = "{n} {n:задача|задачи|задач}"


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0, "0 задач"),
        (1, "1 задача"),
        (2, "2 задачи"),
        (4, "4 задачи"),
        (5, "5 задач"),
        (11, "11 задач"),
        (14, "14 задач"),
        (21, "21 задача"),
        (111, "111 задач"),
        (1204, "1204 задачи"),
        (3.0, "3,0 задачи"),
        (1.5, "1,5 задачи"),
        ("?", "? задач"),
    ],
)
def test_a_noun_takes_the_form_its_number_asks_for(number: str | int | float, told: str) -> None:
    """One, few, many, a fraction, and what is not known."""
    assert FORMS.format(n=russian(number)) == told


@pytest.mark.parametrize(
    ("spec", "value", "told"), [(".1f", 2.25, "2,2"), (".3g", 58.83, "58,8"), ("g", 30.0, "30"), (".0%", 0.5, "50%")]
)
def test_a_fraction_has_a_comma_in_every_format(spec: str, value: float, told: str) -> None:
    assert format(russian(value), spec) == told
    assert format(value, spec) == told.replace(",", ".")


def test_sentences_and_values_follow_the_reader() -> None:
    """Also inside a sentence within a sentence; English keeps its point."""
    inner = text("{value:.1f}", value=1.5)
    assert Wording("ru").say(text("{one}: {n:g}", one=inner, n=2.5)) == "1,5: 2,5"
    assert Wording("en").say(text("{one}: {n:g}", one=inner, n=2.5)) == "1.5: 2.5"
    assert (Wording("ru").value(0.125, "ratio"), Wording("en").value(0.125, "ratio")) == ("12,5 %", "12.5 %")


@pytest.mark.parametrize(
    ("value", "english", "told"),
    [
        (0.0, "0 jobs", "0 задач"),
        (1.0, "1 job", "1 задача"),
        (1.5, "1.5 jobs", "1,5 задачи"),
        (3.0, "3 jobs", "3 задачи"),
        (1204.0, "1204 jobs", "1204 задачи"),
    ],
)
def test_a_unit_takes_the_form_of_its_value(value: float, english: str, told: str) -> None:
    """And stands alone in the form of many."""
    assert (Wording("en").value(value, "jobs"), Wording("ru").value(value, "jobs")) == (english, told)
    assert (Wording("en").unit("jobs"), Wording("ru").unit("jobs")) == ("jobs", "задач")


def test_a_noun_that_is_not_translated_has_two_forms() -> None:
    assert [format(russian(n), "job|jobs") for n in (1, 2, 5, 11, 1.5)] == ["job", "jobs", "jobs", "jobs", "jobs"]
