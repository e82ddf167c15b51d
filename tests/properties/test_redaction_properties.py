"""No spelling of a secret survives redaction, and nothing else is damaged."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from markupsafe import escape
from tests.diagnostics.healthy import HEALTHY, evidence

from diagnostics.records import evidence_line, redacted
from diagnostics.redaction import MASK, Redactor

SECRETS = st.text(
    st.characters(codec="utf-8", exclude_characters="•", exclude_categories=["Cs"]), min_size=8, max_size=40
).filter(lambda s: len(s.strip()) >= 8 and s == s.strip())
TOKENS = st.text(st.sampled_from("ABCDEFabcdef0123456789-_+/=!."), min_size=12, max_size=44)
AROUND = st.text(max_size=12)
BYTES = st.binary(max_size=7)

SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "url": lambda s: quote(s, safe=""),
    "url keeping slashes": quote,
    "url plus": quote_plus,
    "url lower case": lambda s: "".join(
        f"%{b:02x}" if f"%{b:02X}" in quote(bytes([b]), safe="") else chr(b) for b in s.encode()
    ),
    "encodeURIComponent": lambda s: quote(s, safe="!*'()"),
    "encodeURI-like": lambda s: quote(s, safe="!*'()/"),
    "JSON": lambda s: json.dumps(s)[1:-1],
    "JSON in UTF-8": lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
    "JSON with escaped slashes": lambda s: json.dumps(s)[1:-1].replace("/", "\\/"),
    "HTML": html.escape,
    "HTML text": lambda s: html.escape(s, quote=False),
    "HTML of templates": lambda s: str(escape(s)),
    "HTML of templates in JSON": lambda s: json.dumps(str(escape(s)))[1:-1],
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(secret=SECRETS | TOKENS, before=AROUND, after=AROUND)
def test_no_spelling_survives(spelling: str, secret: str, before: str, after: str) -> None:
    """The secret is gone in every spelling, whatever stands around it."""
    written = SPELLINGS[spelling](secret)
    assume(written not in before + after)
    told = Redactor([secret]).clean(before + written + after)
    assert written not in told
    assert MASK in told


@given(secret=SECRETS | TOKENS, before=BYTES, after=BYTES, is_url=st.booleans())
def test_base64_at_any_alignment_does_not_survive(secret: str, before: bytes, after: bytes, is_url: bool) -> None:
    """Inside a longer encoded text the secret cannot be read back."""
    encode = base64.urlsafe_b64encode if is_url else base64.b64encode
    written = encode(before + secret.encode() + after).decode()
    told = Redactor([secret]).clean(written)
    assert MASK in told
    assert written not in told


@given(secrets=st.lists(TOKENS, max_size=3), text=st.text(max_size=200))
def test_redaction_is_idempotent(secrets: list[str], text: str) -> None:
    """Cleaning what is clean changes nothing."""
    redactor = Redactor(secrets)
    once = redactor.clean(text + "".join(secrets))
    assert redactor.clean(once) == once


@given(secret=SECRETS, text=st.text(st.characters(codec="ascii", categories=["L", "Zs"]), max_size=100))
def test_innocent_text_is_untouched(secret: str, text: str) -> None:
    """Without the secret and without a secret's shape nothing is masked."""
    assume(not any(word in text.lower() for word in ("bearer", "basic")))
    redactor = Redactor([secret])
    assume(not redactor.leaks(text.encode()))
    assert redactor.clean(text) == text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(token=TOKENS.filter(lambda t: not t.isdigit()), body=JSON)
def test_json_lines_stay_json(token: str, body: object) -> None:
    """A line with a token in its texts is still one line of JSON, and the token is out of it."""
    line = json.dumps({"at": body, "said": f"it is {token}!"}, ensure_ascii=False)
    told = Redactor([token]).clean(line)
    assert token not in json.dumps(json.loads(told), ensure_ascii=False)


@given(
    secret=TOKENS
    | SECRETS
    | st.integers(10**6, 10**13).map(str)
    | st.sampled_from(["observed", "railway.service", "evidence"])
)
def test_evidence_survives_any_secret(secret: str) -> None:
    """Texts lose the secret; numbers, kinds and ids keep their form, whatever the secret looks like."""
    redactor = Redactor([secret])
    for probe, reading in HEALTHY.items():
        item = evidence(probe, reading)
        cleaned = redacted(item, redactor)
        assert (cleaned.id, cleaned.probe, cleaned.status) == (item.id, item.probe, item.status)
        assert type(cleaned.reading) is type(reading)
        assert json.loads(evidence_line(cleaned))


@given(secret=SECRETS | TOKENS)
def test_no_text_of_evidence_keeps_a_secret(secret: str) -> None:
    """Source, excerpt and the texts of a reading are cleaned."""
    from dataclasses import replace

    item = replace(
        evidence("railway.service", replace(HEALTHY["railway.service"], name=f"x{secret}y")),  # type: ignore[type-var]
        source=f"GET {secret}",
        excerpt=f"...{secret}",
    )
    cleaned = redacted(item, Redactor([secret]))
    assert secret not in f"{cleaned.source}\n{cleaned.excerpt}\n{cleaned.reading.name}"  # type: ignore[union-attr]
