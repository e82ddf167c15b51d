"""Fingerprints of secrets."""

from hypothesis import given
from hypothesis import strategies as st

from diagnostics.fingerprint import SHORTEST, fingerprint


@given(st.text(min_size=SHORTEST))
def test_a_fingerprint_is_short_and_stable(value: str) -> None:
    """Eight hex digits, the same every time."""
    assert fingerprint(value) == fingerprint(value)
    assert len(fingerprint(value)) == 8


@given(st.text(max_size=SHORTEST - 1))
def test_what_could_be_guessed_has_none(value: str) -> None:
    """A short value would be found by trying."""
    assert fingerprint(value) == ""
