"""The worker's environment: zod's words for every defect, all of them at once."""

import json

import pytest

from sandbox.worker.environment import EnvironmentInvalid, read_environment

GOOD = {
    "UPSTASH_REDIS_REST_URL": "https://localhost:6380",
    "UPSTASH_REDIS_REST_TOKEN": "token",
    "SUPABASE_URL": "https://project.supabase.co",
    "SUPABASE_SERVICE_ROLE_KEY": "key",
    "ENCRYPTION_KEY": "e" * 64,
}


def test_production_defaults() -> None:
    """What is not set is what the platform's code says."""
    environment = read_environment(GOOD)
    assert (environment.queue_name, environment.concurrency, environment.port) == ("agent-jobs", 25, 3001)
    assert not environment.is_production


@pytest.mark.parametrize(
    ("name", "value", "code", "message"),
    [
        ("JOB_CONCURRENCY", "0", "too_small", "Too small: expected number to be >0"),
        ("JOB_CONCURRENCY", "many", "invalid_type", "Invalid input: expected number, received NaN"),
        ("JOB_CONCURRENCY", "2.5", "invalid_type", "Invalid input: expected int, received number"),
        ("ENCRYPTION_KEY", "short", "too_small", "Too small: expected string to have >=32 characters"),
        ("UPSTASH_REDIS_REST_URL", "caring-bear", "invalid_format", "Invalid URL"),
        ("UPSTASH_REDIS_REST_TOKEN", "", "too_small", "Too small: expected string to have >=1 characters"),
        ("KOMMO_WEBHOOK_SECRET", "x", "too_small", "Too small: expected string to have >=16 characters"),
    ],
)
def test_each_defect_in_zods_words(name: str, value: str, code: str, message: str) -> None:
    """The path names the variable."""
    with pytest.raises(EnvironmentInvalid) as caught:
        read_environment({**GOOD, name: value})
    issue = json.loads(str(caught.value))[0]
    assert (issue["code"], issue["path"], issue["message"]) == (code, [name], message)


def test_all_defects_are_told_at_once() -> None:
    """An empty environment names every required variable."""
    with pytest.raises(EnvironmentInvalid) as caught:
        read_environment({})
    assert {issue["path"][0] for issue in json.loads(str(caught.value))} == set(GOOD)  # type: ignore[index]
