"""Hosts against the profile's patterns, and secrets against our own by fingerprint alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.diagnostics.healthy import FACTS, SCOPE, found, service

from diagnostics.clients.variables import described
from diagnostics.fingerprint import fingerprint
from diagnostics.scope import Scope
from diagnostics.severity import Severity

TOKEN = "AXtoken-of-the-worker-000001"
KEY = "service-role-key-of-the-project-1"


def scope(**facts: object) -> Scope:
    return replace(SCOPE, facts=replace(FACTS, redis_host="", **facts))  # type: ignore[arg-type]


def having(**variables: str) -> dict[str, object]:
    return {"railway.service": service(variables=described(variables))}


@pytest.mark.parametrize(
    ("address", "pattern", "state"),
    [
        ("https://caring-bear.upstash.io", "*.upstash.io", "expected"),
        ("https://caring-bear.UPSTASH.io", "*.upstash.io", "expected"),
        ("https://caring-bear.upstash.io.evil.example", "*.upstash.io", "outside"),
        ("https://localhost:6379", "*.upstash.io", "outside"),
        ("https://localhost:6379", "", "too_little"),
    ],
)
def test_a_host_is_wrong_only_against_the_pattern(address: str, pattern: str, state: str) -> None:
    """Inside, outside in spite of a familiar ending, and no pattern at all."""
    changes = having(UPSTASH_REDIS_REST_URL=address)
    finding = found("variables.hosts", changes, scope(expected_host=pattern))  # type: ignore[arg-type]
    assert finding.state == state
    assert finding.severity is (Severity.WARNING if state == "outside" else Severity.OK)


def test_the_database_and_our_own_side_have_patterns_too() -> None:
    """The project of another database, in the worker's variables and in ours, is named each by itself."""
    asked = scope(supabase_expected_host="abc.supabase.co", supabase_data_url="https://xyz.supabase.co:443/rest")
    finding = found("variables.hosts", having(SUPABASE_URL="https://other.supabase.co"), asked)  # type: ignore[arg-type]
    assert finding.value == 2
    assert "other.supabase.co" in str(finding.sentence) and "(ours): xyz.supabase.co" in str(finding.sentence)


@pytest.mark.parametrize(
    ("ours", "state"), [(TOKEN, "same"), ("AXtoken-of-somebody-else-02", "differing"), ("", "too_little")]
)
def test_secrets_are_compared_without_being_seen(ours: str, state: str) -> None:
    """Equal, different, and nothing to compare with; a difference alone is no fault."""
    asked = scope(redis_token=fingerprint(ours) if ours else "")
    finding = found("variables.secrets", having(UPSTASH_REDIS_REST_TOKEN=TOKEN), asked)  # type: ignore[arg-type]
    assert (finding.state, finding.severity) == (state, Severity.OK)
    assert TOKEN not in repr(finding)


def test_each_side_of_the_service_key_is_told() -> None:
    """The key of the database is compared by the same means."""
    asked = scope(supabase_keys=("", fingerprint(KEY)))
    assert found("variables.secrets", having(SUPABASE_SERVICE_ROLE_KEY=KEY), asked).state == "same"  # type: ignore[arg-type]
    assert found("variables.secrets", having(SUPABASE_SERVICE_ROLE_KEY=KEY + "2"), asked).state == "differing"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value", "defect"),
    [
        ("UPSTASH_REDIS_REST_URL", "http://caring-bear.upstash.io", "http instead of https"),
        ("SUPABASE_URL", "http://abc.supabase.co", "http instead of https"),
        ("SUPABASE_URL", "http://127.0.0.1:9999/supabase", ""),
        ("UPSTASH_REDIS_REST_TOKEN", "AXab/cd+ef==0123456789", "characters that mean something in a URL"),
        ("UPSTASH_REDIS_REST_TOKEN", "AXab-cd_ef0123456789==", ""),
        ("UPSTASH_REDIS_REST_URL", "https://caring-bear.upstash.io\n", "stray whitespace"),
        ("UPSTASH_REDIS_REST_TOKEN", '"AXabcdef0123456789000"', "quotes included"),
    ],
)
def test_the_form_of_a_value_is_judged(name: str, value: str, defect: str) -> None:
    """What is typically wrong with a pasted value is named, in a word, without the value."""
    good = {"UPSTASH_REDIS_REST_URL": "https://redis.example", "ENCRYPTION_KEY": "0" * 32}
    finding = found("worker.environment", having(**{**good, name: value}))  # type: ignore[arg-type]
    assert (finding.state == "malformed") is bool(defect)
    assert defect in str(finding.sentence)
