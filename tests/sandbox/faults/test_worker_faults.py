"""Faults of the worker's releases, variables and processes."""

from collections.abc import Iterator

import pytest
from tests.sandbox.faults.observations import Sight, both, health, says, shows_and_heals, well
from tests.sandbox.running import Running, eventually, running


async def _nothing_answers(one: Running) -> bool:
    return await one.get("/health", within_s=1) is None and await one.get("/metrics", within_s=1) is None


async def _restarts(one: Running) -> bool:
    return sum(each["restarts"] for each in one.status()["worker"]["replicas"]) >= 2


async def _three(one: Running) -> bool:
    return len(one.status()["worker"]["replicas"]) == 3 and await well(one)


async def _concurrency_10(one: Running) -> bool:
    answer = await one.get("/health")
    return answer is not None and answer.json()["worker"]["concurrency"] == 10


async def _concurrency_50(one: Running) -> bool:
    answer = await one.get("/health")
    return answer is not None and answer.json()["worker"]["concurrency"] == 50


async def _restarts_at_50(one: Running) -> bool:
    return await _restarts(one) and await _concurrency_50(one)


SEEN: dict[str, Sight] = {
    "worker-down": health(502),
    "worker-environment-invalid": both(
        health(502), says("JOB_CONCURRENCY"), says("Too small: expected number to be >0")
    ),
    "worker-crash-loop": both(health(502), says("[ERR_MODULE_NOT_FOUND]: Cannot find module")),
    "worker-illegal-queue-name": both(health(502), says("Queue name cannot contain :")),
    "worker-out-of-memory": _restarts,
    "concurrency-raised": _restarts_at_50,
    "concurrency-doubled": both(well, _concurrency_50),
    "worker-event-loop-blocked": _nothing_answers,
    "worker-valid-change": both(well, _concurrency_10),
    "worker-redeployed": both(well, says("Worker started successfully")),
    "worker-killed-once": well,
    "worker-memory-stable": well,
    "worker-loop-busy-briefly": well,
    "scaled-to-three": _three,
}


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("worker-faults")) as found:
        yield found


@pytest.mark.parametrize("name", SEEN)
async def test_a_fault_shows_and_heals(one: Running, name: str) -> None:
    """`fault` returns when it shows, `heal` when the platform is well again."""
    await shows_and_heals(one, name, SEEN[name], healed=well, within_s=30)


async def test_a_good_redeploy_finishes_its_jobs(one: Running) -> None:
    """The old replicas say that they shut down gracefully, and nothing is left active without a lock."""
    await one.fault("worker-redeployed")
    async with one.redis() as redis:

        async def nothing_is_orphaned() -> bool:
            jobs = await redis.lrange("bull:agent-jobs:active", 0, -1)
            return all([await redis.exists(f"bull:agent-jobs:{job}:lock") for job in jobs])

        await eventually(nothing_is_orphaned)
    await one.heal()
