"""Words, numbers and times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.severity import Severity
from diagnostics.text import text
from diagnostics.wording import Wording, plain, plain_lines

AT = datetime(2026, 11, 23, 23, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (59, "59 s"), (99, "99 s"), (100, "2 min"), (5399, "90 min"), (7200, "2 h"), (9000, "2 h 30 min")]
    + [(86400 * 3 + 7200, "3 d 2 h"), (-30, "30 s")],
)
def test_durations_have_at_most_two_units(seconds, told):
    assert Wording().duration(seconds) == told


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [(1204.0, "jobs", "1204 jobs"), (0.034, "ratio", "3.4 %"), (None, "s", "–"), (float("nan"), "jobs", "–")]
    + [(0.531, "s", "0.531 s"), (74.5, "USD", "74.5 USD"), (5.0, "", "5"), (0.0, "jobs", "0 jobs")]
    + [(999.7, "ms", "1000 ms"), (999.6, "jobs/min", "1000 jobs/min"), (0.00001, "s", "0.00001 s")]
    + [
        (1.0004, "jobs", "1 job"),
        (1.01, "jobs", "1.01 jobs"),
        (1234567.8, "bytes", "1234568 bytes"),
        (-0.5, "s", "-0.5 s"),
    ],
)
def test_values_carry_their_unit_and_the_unmeasured_is_a_dash(value, unit, told):
    assert Wording().value(value, unit) == told


def test_times_are_utc_first_and_local_beside():
    assert Wording("en", "UTC").time(AT) == "2026-11-23 23:30:15 UTC"
    assert Wording("en", "Europe/Moscow").time(AT) == "2026-11-23 23:30:15 UTC (02:30 Europe/Moscow)"


def test_the_date_is_left_out_only_on_the_same_utc_day():
    assert Wording().time(AT, near=AT + timedelta(minutes=20)) == "23:30:15 UTC"
    assert Wording().time(AT, near=AT + timedelta(hours=1)).startswith("2026-11-23")


def test_an_unknown_zone_falls_back_to_utc():
    assert Wording("en", "Mars/Olympus").clock(AT) == "23:30:15 UTC"


@pytest.mark.parametrize(("confidence", "word"), [(0.95, "almost certain"), (0.7, "likely"), (0.5, "more likely")])
def test_confidence_has_a_word_and_a_number(confidence, word):
    assert Wording().confidence(confidence).startswith(word)
    assert f"{confidence:.0%}"[:-1] in Wording().confidence(confidence)


def test_below_a_half_it_is_called_a_guess():
    assert "guess" in Wording().confidence(0.49)


def test_severities_are_words():
    assert [Wording().severity(s) for s in Severity] == ["OK", "WARNING", "CRITICAL", "UNKNOWN"]


@given(st.text())
def test_nothing_a_terminal_or_browser_obeys_survives(value):
    shown = plain(value) + plain_lines(value)
    assert not any((ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or 0x202A <= ord(c) <= 0x202E for c in shown)
    assert "\n" not in plain(value)


def test_evidence_in_a_sentence_is_cleaned():
    assert Wording().say(text("error: {e}", e="a\x1b[31mb\nc\u202ed")) == "error: a[31mb cd"
