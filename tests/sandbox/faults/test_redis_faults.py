"""Faults of Redis and of the road to it: what shows, and that it goes away again."""

from collections.abc import Iterator

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from tests.sandbox.faults.observations import (
    Sight,
    both,
    daily,
    health_says,
    queue,
    says,
    shows_and_heals,
    silent_but_measured,
    well,
)
from tests.sandbox.running import Running, running


async def _operator_reads(one: Running) -> bool:
    async with one.redis(socket_timeout=3) as redis:
        return int(await redis.llen("bull:agent-jobs:wait")) >= 0


async def _operator_cannot(one: Running) -> bool:
    try:
        async with one.redis(socket_timeout=0.5) as redis:
            await redis.llen("bull:agent-jobs:wait")
    except (RedisConnectionError, ResponseError, RedisTimeoutError):
        return True
    return False


async def _memory_is_used_up(one: Running) -> bool:
    async with one.redis() as redis:
        memory = await redis.info("memory")
        try:
            await redis.set("one-more", "x" * 1000)
        except ResponseError as error:
            return "command not allowed" in str(error) and memory["used_memory"] > memory["maxmemory"] * 0.95
    return False


SEEN: dict[str, Sight] = {
    "redis-name-unresolved": both(silent_but_measured("getaddrinfo ENOTFOUND "), says("redis.reconnect")),
    "redis-down": both(silent_but_measured("connect ECONNREFUSED 127.0.0.1:"), _operator_cannot),
    "redis-stalled": both(silent_but_measured('"connected": true'), _operator_cannot),
    "redis-token-rotated": both(health_says(503, "WRONGPASS invalid username-password pair"), _operator_reads),
    "redis-quota-exhausted": both(health_says(503, "max daily request limit exceeded"), _operator_cannot),
    "redis-memory-full": both(well, _memory_is_used_up),
    "redis-name-flapping": both(silent_but_measured("getaddrinfo EAI_AGAIN localhost"), _operator_reads),
    "redis-name-hiccup": both(well, says("EAI_AGAIN")),
    "redis-auth-timeout": both(health_says(503, "ERR DB connection timed-out or wrong"), _operator_reads),
    "redis-auth-hiccup": both(well, says("DB connection timed-out")),
    "redis-other-database": both(well, _operator_reads, queue(lambda n: n["wait"] > 5 and n["active"] == 0)),
    "redis-name-alias": well,
    "redis-restarted": well,
    "redis-slow-but-answering": both(well, _operator_reads),
    "redis-token-overlap": both(well, _operator_reads),
    "redis-quota-half": both(well, _operator_reads),
    "redis-memory-high": well,
}


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("redis-faults")) as found:
        yield found


@pytest.mark.parametrize("name", daily(SEEN))
async def test_a_fault_shows_and_heals(one: Running, name: str) -> None:
    """`fault` returns when it shows, `heal` when the platform is well again."""
    await shows_and_heals(one, name, SEEN[name], healed=well, within_s=30)
    assert await _operator_reads(one)


async def test_a_queue_survives_the_servers_stop(one: Running) -> None:
    """Jobs that waited before the server stopped wait after it has come back."""
    await one.fault("queue-paused")
    async with one.redis() as redis:
        before = await redis.llen("bull:agent-jobs:paused")
    await one.fault("redis-down")
    one.tell("heal", name="redis-down")
    async with one.redis() as redis:
        assert await redis.llen("bull:agent-jobs:paused") >= before > 0
    await one.heal()
