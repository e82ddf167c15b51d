"""The commands that findings carry: pasted into a shell they show the same, whichever variables are set."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace

import pytest
from tests.diagnostics.healthy import FACTS

from diagnostics.checks.errors_issue import sentry_curl
from diagnostics.checks.finding import redis_cli

NAMES = ("UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN")
TAIL = '" -H "Authorization: Bearer $UPSTASH_REDIS_REST_TOKEN"'


@pytest.mark.parametrize(
    ("words", "tcp", "path"),
    [
        (("LLEN", "bull:agent-jobs:wait"), "LLEN bull:agent-jobs:wait", "llen/bull:agent-jobs:wait"),
        (("INFO memory",), "INFO memory", "info/memory"),
        (("ZRANGE", "bull:q:completed", "-1 -1 WITHSCORES"), None, "zrange/bull:q:completed/-1/-1/WITHSCORES"),
        (("--scan --pattern", "'bull:*:meta'"), None, "scan/0/COUNT/1000/MATCH/bull:%2A:meta"),
        (("HEXISTS", "bull:очередь/1:meta", "paused"), None, None),
    ],
)
def test_each_way_has_its_command(words: tuple[str, ...], tcp: str | None, path: str | None) -> None:
    """redis-cli where an address is set or nothing is, curl where only the two Upstash variables are."""
    ours = redis_cli(FACTS, *words)
    assert ours == f'redis-cli -u "$REDIS_URL" --no-auth-warning {tcp or " ".join(words)}'
    theirs = redis_cli(replace(FACTS, rest_variables=NAMES), *words)
    assert theirs.startswith('curl -sS "$UPSTASH_REDIS_REST_URL/')
    assert theirs.endswith(TAIL)
    if path:
        assert theirs == f'curl -sS "$UPSTASH_REDIS_REST_URL/{path}{TAIL}'


@pytest.mark.parametrize("key", ["a/b", "a`id`", 'a"b', "a$HOME", "a?b#c", "ключ"])
def test_no_key_can_break_out_of_the_address(key: str) -> None:
    """Encoded, a key is one path segment and nothing to the shell."""
    told = redis_cli(replace(FACTS, rest_variables=NAMES), "LLEN", f"'{key}'")
    inside = told.removeprefix('curl -sS "$UPSTASH_REDIS_REST_URL/').removesuffix(TAIL)
    assert inside.startswith("llen/")
    assert not set(inside.removeprefix("llen/")) & set('/`"$?# ')
    assert inside.isascii()


def test_an_own_authority_and_other_names_are_kept() -> None:
    """The profile may name other variables, and a certificate authority of its own."""
    told = redis_cli(replace(FACTS, rest_variables=("MY_URL", "MY_TOKEN"), has_own_ca=True), "LLEN", "a")
    assert told == ('curl -sS --cacert "$RUNBOOK_REDIS__CA_FILE" "$MY_URL/llen/a" -H "Authorization: Bearer $MY_TOKEN"')


@pytest.mark.parametrize(
    ("organization", "issue", "told"),
    [
        ("", "$ISSUE", "organizations/ours/issues/17/tags/"),
        ("acme", "9", "organizations/acme/issues/9/tags/"),
        ("acme", '$(id)`id`"\\', 'organizations/acme/issues/$(id)`id`"\\/tags/'),
    ],
)
def test_sentrys_address_fills_its_own_variables_and_no_others(organization: str, issue: str, told: str) -> None:
    """A shell expands what we leave to be set, and takes everything else as it stands."""
    command = sentry_curl(replace(FACTS, sentry_organization=organization), f"issues/{issue}/tags/")
    shown = "curl() { printf '%s' \"$3\"; }; " + command
    own = {"PATH": os.environ["PATH"], "RUNBOOK_SENTRY__ORGANIZATION": "ours", "ISSUE": "17"}
    asked = subprocess.run(["sh", "-c", shown], env=own, capture_output=True, text=True, check=True, timeout=5).stdout
    assert asked.endswith(told)
