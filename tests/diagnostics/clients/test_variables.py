"""Variables of a service are described; their values stop in the client."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.clients.variables import described


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("https://a.upstash.io", "url"),
        ("25", "integer"),
        ("", "empty"),
        ("   ", "empty:stray whitespace"),
        ("your-token-here", "placeholder"),
        ("sk-or-v1-xxx", "placeholder"),
        ("https://xxx.upstash.io", "placeholder"),
        ("xxxxxxxxxxxxxxxx", "placeholder"),
        ("AXWSn1nWILbf3xXxsh8Trf7m", "token"),
        ("AXWSn1nWILbf3B4hsh8Trf7m", "token"),
        ("AXWSn1nWILbf3B4hsh8Trf7m\n", "token:stray whitespace"),
        ('"AXWSn1nWILbf3B4hsh8Trf7m"', "token:quotes included"),
        ("agent-jobs", "identifier"),
        ("two words", "text"),
    ],
)
def test_the_shape_of_a_value(value: str, shape: str) -> None:
    """What is typically wrong with a pasted value shows in its shape."""
    (found,) = described({"X": value})
    assert (found.shape, found.length) == (shape, len(value))


def test_no_random_secret_is_a_placeholder() -> None:
    """A worker was called misconfigured for three letters of its token."""
    chance = random.Random(3)
    secrets = ["".join(chance.choices(string.ascii_letters + string.digits + "-_", k=50)) for _ in range(20_000)]
    assert {v.shape for v in described({f"S{number}": secret for number, secret in enumerate(secrets)})} == {"token"}


@pytest.mark.parametrize(
    ("name", "value", "host"),
    [
        ("UPSTASH_REDIS_REST_URL", "https://eu1-x.upstash.io", "eu1-x.upstash.io"),
        ("UPSTASH_REDIS_REST_URL", "https://user:pa@ss@eu1-x.upstash.io", ""),
        ("UPSTASH_REDIS_REST_URL", "https://[broken", ""),
        ("DATABASE_URL", "postgres://u:abc@Secret9/tail@db.host/x", ""),
        ("REDIS_URL", "rediss://default:token@eu1-x.upstash.io:6379", ""),
    ],
)
def test_only_the_host_that_is_judged_is_kept(name: str, value: str, host: str) -> None:
    """A password with a slash or an @ in it looks like a host: no URL that may hold one is looked into."""
    (found,) = described({name: value})
    assert found.host == host


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=60))
def test_no_value_survives(value: str) -> None:
    """Whatever a secret looks like, no part of twelve characters of it is left."""
    kept = repr(described({"SECRET": value, "REDIS_URL": value, "JOB_QUEUE_NAME": "/" + value}))
    assert value not in kept


def test_settings_that_are_no_secrets_keep_their_value_in_their_one_form() -> None:
    """A concurrency is a number; anything else under that name is not kept."""
    kept = {v.name: v.value for v in described({"JOB_CONCURRENCY": "50", "PORT": "s3cret", "JOB_QUEUE_NAME": "a b"})}
    assert kept == {"JOB_CONCURRENCY": "50", "PORT": "", "JOB_QUEUE_NAME": ""}
