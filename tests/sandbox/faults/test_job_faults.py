"""Faults of the queue, the jobs, the traffic and the model provider."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.sandbox.faults.observations import Sight, both, daily, queue, says, shows_and_heals, well
from tests.sandbox.running import Running, eventually, running

from sandbox.faults import FAULTS


async def _is_paused(one: Running) -> bool:
    async with one.redis() as redis:
        return bool(await redis.hexists("bull:agent-jobs:meta", "paused"))


async def _other_queue(one: Running) -> bool:
    answer = await one.get("/health")
    return answer is not None and answer.json()["worker"]["queueName"] == "agent-tasks"


async def _limiter_counts(one: Running) -> bool:
    async with one.redis() as redis:
        return int(await redis.get("bull:agent-jobs:limiter") or 0) > 0


async def _fallback_keys(one: Running) -> bool:
    async with one.redis() as redis:
        return len([key async for key in redis.scan_iter("dlq:fallback:*", count=1000)]) >= 3


async def _strange_keys(one: Running) -> bool:
    async with one.redis() as redis:
        return bool(await redis.exists("bull:agents", "bull:cache:organization:0"))


def _events(kind: str) -> Sight:
    async def seen(one: Running) -> bool:
        async with one.redis() as redis:
            newest = await redis.xrevrange("bull:agent-jobs:events", count=5000)
            return [fields["event"] for _, fields in newest].count(kind) >= 10

    return seen


EVIDENCE = Path(__file__).parents[2] / "fixtures" / "evidence"

SEEN: dict[str, Sight] = {
    "queue-paused": both(well, _is_paused, queue(lambda n: n["paused"] > 0 and n["wait"] == 0)),
    "queue-name-mismatch": both(well, _other_queue, queue(lambda n: n["wait"] > 0 and n["active"] == 0)),
    "queue-delayed-backlog": both(well, queue(lambda n: n["delayed"] >= 1500)),
    "queue-prioritized-backlog": both(well, queue(lambda n: n["prioritized"] >= 1200, "app-jobs")),
    "handlers-hung": both(well, queue(lambda n: n["active"] == 50 and n["wait"] > 0)),
    "handler-missing": both(well, says("No handler registered for job process-asset")),
    "jobs-poison-type": both(well, says("CRM connection not found")),
    "concurrency-too-low": both(well, queue(lambda n: n["active"] <= 2 and n["wait"] > 500)),
    "traffic-surge": queue(lambda n: n["active"] >= 40 and n["wait"] > 1000),
    "openrouter-rate-limited": both(well, says("LLM API error: 429")),
    "openrouter-credentials-rejected": both(well, says("LLM API error: 401")),
    "openrouter-credit-exhausted": both(well, says("LLM API error: 402")),
    "openrouter-down": both(well, says("LLM API error: 503")),
    "openrouter-429-storm": both(well, says("LLM API error: 429"), queue(lambda n: n["delayed"] > 500)),
    "kommo-token-revoked": both(well, says("Kommo API error: 400")),
    "kommo-hiccup": both(well, says("Kommo API error: 502"), queue(lambda n: n["wait"] < 20)),
    "queue-resumed": both(well, queue(lambda n: n["paused"] == 0)),
    "queue-quiet": both(well, queue(lambda n: n["wait"] == 0)),
    "jobs-slow-but-finishing": both(well, queue(lambda n: n["wait"] == 0)),
    "handler-failing-rarely": both(well, queue(lambda n: n["wait"] < 5)),
    "traffic-peak": both(well, queue(lambda n: n["wait"] < 20)),
    "openrouter-hiccup": both(well, queue(lambda n: n["wait"] < 20)),
    "queue-rate-limited": both(well, _limiter_counts, queue(lambda n: n["active"] < 10 and n["wait"] > 500)),
    "queue-global-concurrency": both(well, queue(lambda n: n["active"] <= 2 and n["wait"] > 500)),
    "queue-orphaned": both(well, queue(lambda n: n["wait"] > 800 and n["active"] == 0, "app-jobs")),
    "duplicates-refused": both(well, _events("duplicated"), queue(lambda n: n["failed"] > 0)),
    "failed-pile-up": both(well, queue(lambda n: n["failed"] >= 5000)),
    "dead-letters-fallback": both(well, _fallback_keys),
    "stalled-churn": both(well, _events("stalled"), says("could not renew lock")),
    "queue-rate-limit-roomy": both(well, _limiter_counts, queue(lambda n: n["wait"] < 20)),
    "queue-concurrency-roomy": both(well, queue(lambda n: n["wait"] < 20)),
    "queue-consumed-elsewhere": both(well, queue(lambda n: n["wait"] > 500 and n["active"] == 10, "app-jobs")),
    "duplicates-while-waiting": both(well, _events("duplicated"), queue(lambda n: n["delayed"] > 0)),
    "failed-within-retention": both(well, queue(lambda n: n["failed"] >= 100)),
    "dead-letters-filed": both(well, queue(lambda n: n["prioritized"] >= 3, "agent-jobs-dlq")),
    "queue-merely-busy": both(well, queue(lambda n: n["active"] > 40 and 0 < n["wait"] <= 500)),
    "foreign-keys": both(well, _strange_keys),
}


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("job-faults")) as found:
        yield found


@pytest.mark.parametrize("name", daily(SEEN))
async def test_a_fault_shows_and_heals(one: Running, name: str) -> None:
    """`fault` returns when it shows; after `heal` the backlog drains and jobs complete."""
    drained = both(well, queue(lambda n: n["wait"] + n["paused"] < 30))
    await shows_and_heals(one, name, SEEN[name], healed=drained, within_s=60)


async def test_dead_letters_pile_up_where_nobody_counts(one: Running) -> None:
    """Entries of priority 1: `/health` goes on saying zero, as in production."""
    await one.fault("openrouter-down")
    async with one.redis() as redis:

        async def reasons() -> set[tuple[str, str]]:
            letters = await redis.zrange("bull:agent-jobs-dlq:prioritized", 0, -1)
            rows = [await redis.hgetall(f"bull:agent-jobs-dlq:{letter}") for letter in letters]
            return {(row["name"], json.loads(row["data"])["failureReason"]) for row in rows if row}

        async def has_ours() -> bool:
            # Faults before this one may have left letters of their own.
            return ("dlq:extract-knowledge-graph", "LLM API error: 503") in await reasons()

        await eventually(has_ours)
    await one.heal()
    answer = await one.get("/health")
    assert answer is not None
    assert answer.json()["deadLetterQueue"] == {"waiting": 0, "completed": 0, "failed": 0, "total": 0}


def test_every_fault_is_tested_somewhere() -> None:
    """A fault that is added is seen from outside in one of these modules, or its recorded evidence is judged."""
    from tests.sandbox.faults import (
        test_database_faults,
        test_error_faults,
        test_frontend_faults,
        test_provider_faults,
        test_redis_faults,
        test_worker_faults,
    )

    others = (
        test_database_faults,
        test_error_faults,
        test_frontend_faults,
        test_provider_faults,
        test_redis_faults,
        test_worker_faults,
    )
    lived = {*SEEN, *(name for module in others for name in module.SEEN)}
    names = {fault.name for fault in FAULTS}
    assert lived <= names
    assert names - lived <= {path.stem for path in EVIDENCE.glob("*.jsonl")}
