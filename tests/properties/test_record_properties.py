"""Any evidence survives being written, whatever its readings hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.healthy import SCOPE

from diagnostics.model import Cost, Evidence, Failure, FailureKind, Status
from diagnostics.readings import Reading
from diagnostics.records import evidence_line, header_line, read, redacted
from diagnostics.redaction import Redactor
from diagnostics.text import Text, text

st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
st.register_type_strategy(str, TEXT)
ARGUMENTS = TEXT | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
SENTENCES = st.recursive(
    st.builds(lambda value: text("it says {value}", value=value), ARGUMENTS),
    lambda inner: st.builds(lambda value: text("inside: {value}", value=value), inner),
    max_leaves=3,
)
READINGS = st.one_of(*(st.builds(kind) for kind in get_args(Reading)))
FAILURES = st.builds(Failure, kind=st.sampled_from(FailureKind), why=SENTENCES, regain=SENTENCES)
EVIDENCE = st.builds(
    Evidence,
    id=TEXT,
    probe=TEXT,
    source=TEXT,
    observed_at=st.datetimes(timezones=st.just(UTC)),
    status=st.sampled_from(Status),
    reading=st.none() | READINGS,
    failure=st.none() | FAILURES,
    cost=st.builds(Cost),
    excerpt=TEXT,
)


@given(EVIDENCE)
def test_evidence_round_trips(item: Evidence) -> None:
    """What is read is what was written, and writing it again gives the same bytes."""
    line = evidence_line(item)
    assert "\n" not in line
    (back,) = read(f"{header_line(SCOPE)}\n{line}\n").evidence
    assert back == item
    assert evidence_line(back) == line


@given(EVIDENCE)
def test_redaction_without_secrets_keeps_evidence_readable(item: Evidence) -> None:
    """Cleaned evidence is evidence of the same look; cleaning it again changes nothing."""
    cleaned = redacted(item, Redactor(["a secret nobody wrote"]))
    assert (cleaned.id, cleaned.probe, cleaned.status, cleaned.observed_at) == (
        item.id,
        item.probe,
        item.status,
        item.observed_at,
    )
    assert redacted(cleaned, Redactor(["a secret nobody wrote"])) == cleaned


@given(SENTENCES)
def test_sentences_render_whatever_they_carry(sentence: Text) -> None:
    """No value can break its template."""
    assert str(sentence)
