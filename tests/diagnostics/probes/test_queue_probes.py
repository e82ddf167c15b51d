"""The looks at the queue together: what they cost, and what they bring back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.diagnostics.clients.queues import KEY, QUEUE, Place

from diagnostics.engine import collect
from diagnostics.model import Evidence, Status
from diagnostics.probes import queue
from diagnostics.question import ask
from diagnostics.readings import JobRows, QueueEvents, QueueState
from diagnostics.redaction import Redactor
from diagnostics.runbooks import TRIAGE
from diagnostics.settings import load

PROFILE = """
name = "p"
[queue]
names = ["agent-jobs"]
orphans = ["app-jobs"]
dead_letter = ["agent-jobs-dlq", "agent-jobs:dlq"]
[redis]
url_env = "REDIS_URL"
"""


async def looked(place: Place, folder: Path, *, commands: int = 50) -> tuple[Mapping[str, Evidence], int]:
    """All looks at Redis by a user with a password, and how many commands they say they sent."""
    await place.client.execute_command("ACL", "SETUSER", "reader", "on", ">canary-password", "~*", "+@read")
    (folder / "p.toml").write_text(PROFILE)
    address = place.url.replace("//", "//reader:canary-password@")
    settings = load("p", environ={"REDIS_URL": address}, root=folder, folders=(folder,))
    scope = ask("triage", settings, now=datetime.now(UTC), redis_commands=commands)
    runbook = replace(TRIAGE, probes=queue.PROBES)
    evidence, trailer = await collect(runbook, settings, scope, redactor=Redactor())
    return {item.probe: item for item in evidence}, trailer.spent.redis_commands


async def misery(place: Place) -> None:
    """Everything that costs a further command, at once."""
    now = time.time_ns() // 1_000_000
    await place.queue.setGlobalRateLimit(9, 60_000)
    await place.queue.add("bad", {}, {"jobId": "same", "attempts": 1})
    await place.work(1)
    for _ in range(6):
        await place.queue.add("bad", {}, {"jobId": "same"})
    for _ in range(5):
        await place.queue.add("good", {}, {})
    await place.queue.add("urgent", {}, {"priority": 4})
    jobs = await place.take(3)
    await place.client.delete(f"{KEY}{jobs[0].id}:lock")
    for name, state in (("app-jobs", "delayed"), ("agent-jobs-dlq", "failed"), ("x", "wait"), ("y", "wait")):
        await place.client.set(f"bull:{name}:id", 1000)
        await place.client.zadd(f"bull:{name}:prioritized", {"a": 1})
        await (
            place.client.lpush(f"bull:{name}:wait", "b")
            if state == "wait"
            else place.client.zadd(f"bull:{name}:{state}", {"b": now})
        )
    async with place.client.pipeline(transaction=False) as pipe:
        for number in range(5000):
            pipe.set(f"bull:stranger-{number % 7}:cache:{number}", "x")
        await pipe.execute()


async def test_the_worst_night_fits_the_default_budget(place: Place, tmp_path: Path) -> None:
    """Stalls, limits, priorities, refusals, strangers, three queues beside: at most fifty commands, and every look taken."""
    await misery(place)
    await place.client.config_resetstat()
    evidence, spent = await looked(place, tmp_path)
    calls = await place.client.info("commandstats")
    ours = sum(calls.get(f"cmdstat_{name.lower()}", {"calls": 0})["calls"] for name in ALL_READS)
    assert spent <= 50
    # INFO is refused to a token of `+@read`, but was sent; so was AUTH.
    assert ours == spent - 2
    assert {probe for probe, item in evidence.items() if item.failure} == {"redis.server"}
    state = evidence["queue.state"].reading
    assert isinstance(state, QueueState)
    main = state.now(QUEUE)
    assert main is not None
    assert (main.active, main.active_without_lock, main.rate_max_jobs) == (3, 1, 9)
    assert main.depth is not None
    assert {q.name for q in state.first} >= {QUEUE, "app-jobs", "agent-jobs-dlq"}


ALL_READS = ("exists llen zcard get mget hget hmget lrange zrange xrevrange pttl scan dbsize sort_ro eval_ro").split()


async def test_a_healthy_queue_costs_less(place: Place, tmp_path: Path) -> None:
    """With `+@read` alone every look but memory succeeds; the dead letters of a queue that is not there are none."""
    await place.queue.add("good", {}, {})
    await place.work(1)
    evidence, spent = await looked(place, tmp_path)
    assert spent <= 34
    statuses = {probe: item.status for probe, item in evidence.items()}
    assert statuses.pop("redis.server") is Status.FAILED
    assert set(statuses.values()) == {Status.OBSERVED}
    rows = evidence["queue.jobs"].reading
    assert isinstance(rows, JobRows)
    assert rows.history is None
    assert isinstance(evidence["queue.events"].reading, QueueEvents)
    assert "canary" not in repr(evidence)


async def test_a_larger_budget_buys_history(place: Place, tmp_path: Path) -> None:
    """Three hundred commands reach back over thousands of finished jobs."""
    now = time.time_ns() // 1_000_000
    await place.write_finished([now - 100 * number for number in range(5000)])
    evidence, spent = await looked(place, tmp_path, commands=300)
    rows = evidence["queue.jobs"].reading
    assert isinstance(rows, JobRows)
    history = rows.history
    assert history is not None
    assert (len(history.step_ms), history.is_cut) == (5000, False)
    assert spent <= 60


async def test_an_orphan_that_fills_is_seen_to_fill(place: Place, tmp_path: Path) -> None:
    """The counter of a queue without a consumer is read again at the second look."""
    await place.client.set("bull:app-jobs:id", 10)
    await place.client.lpush("bull:app-jobs:wait", "10")

    async def fill() -> None:
        while True:
            await place.client.incr("bull:app-jobs:id")
            await asyncio.sleep(0.02)

    filling = asyncio.create_task(fill())
    evidence, _ = await looked(place, tmp_path)
    filling.cancel()
    state = evidence["queue.state"].reading
    assert isinstance(state, QueueState)
    now, before = state.now("app-jobs"), state.before("app-jobs")
    assert now is not None
    assert before is not None
    assert (now.last_id or 0) > (before.last_id or 0) + 10


@pytest.mark.parametrize("commands", [10, 25, 30])
async def test_a_small_budget_costs_looks_and_never_lies(place: Place, tmp_path: Path, commands: int) -> None:
    """What the budget did not reach is a failure of that look, and no more than allowed is sent."""
    await misery(place)
    evidence, spent = await looked(place, tmp_path, commands=commands)
    assert spent <= commands
    assert any(item.status is Status.FAILED and item.probe != "redis.server" for item in evidence.values())
