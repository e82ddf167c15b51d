"""Incident 1 with the two Upstash variables alone: the same sight as with an address for TCP."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.running import PATIENT, Running, eventually, running

from oncall.proving import Sight, Terms, expectations, prove

ROOT = Path(__file__).parents[2]
ROWS = expectations((ROOT / "docs" / "causes.md").read_text("utf-8"))


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("s")) as platform:
        yield platform


def environment(one: Running, **other: str) -> dict[str, str]:
    """What the sandbox printed, without the address for TCP."""
    return {**os.environ, **one.settings, **PATIENT, "REDIS_URL": "", **other}


def triage(one: Running, folder: Path, **other: str) -> tuple[int, dict[str, Any], list[dict[str, Any]]]:
    """Exit code, verdict and evidence."""
    words = ("triage", "--profile", str(ROOT / "profiles" / "sandbox.toml"), "--json", "--output-dir", str(folder))
    done = subprocess.run(
        [sys.executable, "-m", "oncall", *words],
        env=environment(one, **other),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    (artifact,) = folder.iterdir()
    lines = [json.loads(line) for line in (artifact / "evidence.jsonl").read_text("utf-8").splitlines()]
    return done.returncode, json.loads(done.stdout), [line for line in lines if line["line"] == "evidence"]


def counted(one: Running, client: str = "operator") -> int:
    return int(one.status()["edge"]["commands"][client])


def test_the_healthy_platform_is_healthy(one: Running, tmp_path: Path) -> None:
    """`none`, 0, no blind spot, no limit but the standing ones; the bill is what the edge counted, and fits."""
    before = counted(one)
    code, verdict, evidence = triage(one, tmp_path)
    assert (code, verdict["severity"], verdict["causes"][0]["id"]) == (0, "ok", "none")
    assert verdict["blind_spots"] == []
    # What the profile does not name is no limit of this way to look.
    links = [limit["link"] for limit in verdict["limits"]]
    assert sorted({link for link in links if link != "docs/profiles.md"}) == [
        "docs/data-sources.md#redis",
        "docs/data-sources.md#sentry",
        "docs/data-sources.md#worker",
    ]
    assert verdict["budget"]["redis_commands"] == counted(one) - before <= 50
    # The plan is told by the vendor's own API.
    asked = [item for item in evidence if item["probe"] != "redis.plan"]
    redis = [item for item in asked if item["probe"].startswith(("redis.", "queue."))]
    assert redis
    assert all(item["source"].startswith(one.settings["UPSTASH_REDIS_REST_URL"] + " ") for item in redis)
    assert verdict["budget"]["redis_commands"] == sum(item["cost"]["redis_commands"] for item in redis)


def test_every_command_told_can_be_pasted(one: Running, tmp_path: Path) -> None:
    """Each answers with a result, in a shell that has the printed variables."""
    _, verdict, _ = triage(one, tmp_path)
    commands = {finding["command"] for finding in verdict["findings"] if "UPSTASH_REDIS" in finding["command"]}
    assert len(commands) >= 8
    for command in commands:
        # A rate takes two looks a minute apart; here one is enough.
        once = command.partition("; sleep")[0]
        done = subprocess.run(["bash", "-c", once], env=environment(one), capture_output=True, text=True, check=True)
        assert "result" in json.loads(done.stdout), command


def test_the_read_only_token_sees_every_essential_check(one: Running, tmp_path: Path) -> None:
    """What INFO would add is a limit, not a blind spot."""
    before = counted(one, "readonly")
    token = one.settings["RUNBOOK_SANDBOX_READONLY_REST_TOKEN"]
    code, verdict, _ = triage(one, tmp_path, UPSTASH_REDIS_REST_TOKEN=token)
    assert (code, verdict["causes"][0]["id"], verdict["blind_spots"]) == (0, "none", [])
    assert "the token may not read INFO, so Redis memory is not seen" in [limit["what"] for limit in verdict["limits"]]
    assert verdict["budget"]["redis_commands"] == counted(one, "readonly") - before <= 50


def test_a_stale_operator_token_is_a_blind_spot(one: Running, tmp_path: Path) -> None:
    """Unknown is never healthy: the queue is not seen, and it says why."""
    code, verdict, _ = triage(one, tmp_path, UPSTASH_REDIS_REST_TOKEN="stale-canary-token")
    assert code == 3
    spots = {spot["check"]: spot["why"] for spot in verdict["blind_spots"]}
    assert "the credentials are refused or not permitted" in spots["queue.depth"]
    assert "stale-canary-token" not in json.dumps(verdict)


@pytest.mark.parametrize(
    ("fault", "cause"), [("queue-paused", "queue.paused"), ("redis-token-rotated", "redis.credentials_rejected")]
)
async def test_the_queue_is_seen_while_the_worker_suffers(one: Running, tmp_path: Path, fault: str, cause: str) -> None:
    """The right cause stands on top; a worker's rotated token does not blind the operator."""
    await one.fault(fault)
    try:
        code, verdict, evidence = await asyncio.to_thread(triage, one, tmp_path)
    finally:
        await one.heal()
        await eventually(lambda: is_well(one))
    assert (code, verdict["causes"][0]["id"]) == (2, cause)
    assert next(item for item in evidence if item["probe"] == "queue.state")["status"] == "observed"


@pytest.mark.parametrize("fault", ["redis-quota-exhausted", "redis-stalled", "redis-down"])
async def test_what_breaks_redis_breaks_rest(fault: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A platform of its own each: the worker's log remembers earlier faults."""
    (expected,) = [row for row in ROWS if (row.fault, row.sight) == (fault, Sight.WHOLE)]
    outcome = await prove(replace(expected, sight=Sight.REST), Terms(state_dir=tmp_path_factory.mktemp("s")))
    assert outcome.is_right, outcome
    assert "blind:queue.depth" in outcome.said


async def is_well(one: Running) -> bool:
    answer = await one.get("/health", within_s=2)
    return answer is not None and answer.status_code == 200
