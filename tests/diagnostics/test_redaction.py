"""Redaction: which values count as secrets, and the shapes that are secret whatever their value."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnostics.redaction import MASK, Redactor, redactor_for
from diagnostics.settings import load

SECRET = "hunter2-hunter2"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("redis://default:abc@host:6379/0", f"redis://{MASK}@host:6379/0"),
        ("https://:abc@host", f"https://{MASK}@host"),
        ("Authorization: Bearer abcdefgh12", f"Authorization: Bearer {MASK}"),
        ("authorization: basic YWxhZGRpbjpv", f"authorization: basic {MASK}"),
        ("t=eyJhbGciOiJI.eyJzdWIiOiIx.abc-_", f"t={MASK}"),
        ("sk-or-v1-0123456789abcdef", MASK),
        ("key sbp_0123456789 and ghp_0123456789", f"key {MASK} and {MASK}"),
        ("GET /x?a=1&api_key=abc&b=2", f"GET /x?a=1&api_key={MASK}&b=2"),
        ("/x?token=abc", f"/x?token={MASK}"),
        ("/x?access_token=abc#frag", f"/x?access_token={MASK}"),
        ("http://user@host/path", "http://user@host/path"),
        ("the bearer of bad news", "the bearer of bad news"),
        ("12:30 and 13:45", "12:30 and 13:45"),
    ],
)
def test_shapes_that_are_secret_whatever_their_value(text: str, clean: str) -> None:
    """Credentials in addresses, bearer and web tokens and vendors' keys go without being known."""
    assert Redactor().clean(text) == clean


@pytest.mark.parametrize("short", ["", "a", "12345", "     a     "])
def test_very_short_values_are_not_secrets(short: str) -> None:
    """Masking a letter would destroy every text."""
    text = "a b c 12345 and so on"
    assert Redactor([short]).clean(text) == text


def test_the_longest_secret_goes_first() -> None:
    """A secret that begins another does not leave the other's tail."""
    assert Redactor(["secret", "secret-and-more"]).clean("x secret-and-more y") == f"x {MASK} y"


@pytest.mark.parametrize(
    ("name", "is_known"),
    [
        ("UPSTASH_REDIS_REST_TOKEN", True),
        ("my_secret", True),
        ("DB_PASSWORD", True),
        ("OPENROUTER_API_KEY", True),
        ("OPENROUTER_APIKEY", True),
        ("SSH_KEY", True),
        ("SENTRY_DSN", True),
        ("PATH", False),
        ("KEYBOARD", False),
    ],
)
def test_variables_count_by_their_names(name: str, is_known: bool) -> None:
    """A variable whose name speaks of a secret is one."""
    assert (redactor_for(None, {name: SECRET}).clean(SECRET) == MASK) == is_known


@pytest.mark.parametrize(
    "url",
    [
        f"rediss://default:{SECRET}@host:6379",
        f"postgres://{SECRET}@host/db",
        f"https://host/x?k={SECRET}",
        f"rediss://default:{SECRET}/with/slashes@host:6379",
        f"rediss://default:{SECRET}#hash@host:6379",
        f"rediss://default:{SECRET}@at@host:6379",
        f"rediss://default:{SECRET}[@host:6379",
    ],
)
def test_credentials_of_any_address_in_the_environment_are_known(url: str) -> None:
    """Also those of an address that no parser takes; its host stays readable."""
    redactor = redactor_for(None, {"SOME_ADDRESS": url})
    told = redactor.clean(f"token {url.split('://')[1].removeprefix('default:').split('@host')[0]} at host")
    assert SECRET not in told
    assert "at host" in told


def test_an_encoded_password_is_known_decoded() -> None:
    """Clients send the decoded form."""
    redactor = redactor_for(None, {"REDIS_URL": "rediss://default:ab%2Fcd%40ef%3Dgh@host"})
    assert redactor.clean("ab/cd@ef=gh and ab%2Fcd%40ef%3Dgh and ab%2fcd%40ef%3dgh") == f"{MASK} and {MASK} and {MASK}"


def test_secrets_of_an_env_file_are_known(tmp_path: Path) -> None:
    """What the profile reads from its env file never was in the environment."""
    (tmp_path / "env").write_text(f"RAILWAY_TOKEN={SECRET}\nREDIS_URL=redis://u:other-{SECRET}@h\n")
    (tmp_path / "p.toml").write_text('name = "p"\nenv_file = "env"\n[railway]\n[redis]\n')
    settings = load("p", environ={}, root=tmp_path, folders=(tmp_path,))
    redactor = redactor_for(settings, {})
    assert redactor.clean(f"{SECRET} other-{SECRET}") == f"{MASK} {MASK}"


def test_bytes_of_the_environment_that_are_no_text_do_no_harm() -> None:
    """A variable may hold any bytes; its other secrets are masked all the same."""
    redactor = redactor_for(
        None, {"A_TOKEN": "\udcff\udcfe-broken-bytes", "B_TOKEN": SECRET, "C_TOKEN": "\ud800 lone one"}
    )
    assert redactor.clean(f"x {SECRET}") == f"x {MASK}"
    assert "broken" not in redactor.clean("%FF%FE-broken-bytes")


def test_leaks_are_seen_in_text_and_in_bytes() -> None:
    """The last look before sealing reads everything as bytes."""
    redactor = Redactor([SECRET, "пароль-длинный"])
    assert redactor.leaks(b"\xff\xfe" + SECRET.encode() + b"\x00")
    assert redactor.leaks("пароль-длинный".encode())
    assert not redactor.leaks(b"\xff nothing")
    assert not Redactor().leaks(SECRET.encode())


def test_bytes_that_are_no_text_pass_unchanged() -> None:
    """An image is not damaged."""
    assert Redactor([SECRET]).clean_bytes(b"\x89PNG\xff\x00") == b"\x89PNG\xff\x00"
    assert Redactor([SECRET]).clean_bytes(SECRET.encode()) == MASK.encode()
