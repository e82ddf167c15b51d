"""A real server for those who ask for one: started once a module, emptied for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from bullmq import Queue
from redis.asyncio import Redis
from tests.diagnostics.clients.queues import QUEUE, Place
from tests.valkey import valkey

from diagnostics.budget import Budget
from diagnostics.clients.bullmq import Bullmq
from diagnostics.clients.redis import RedisReader


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with valkey() as running:
        yield f"redis://127.0.0.1:{running.port}"


@pytest.fixture
async def place(address: str) -> AsyncIterator[Place]:
    client = Redis.from_url(address, decode_responses=True)
    await client.flushall()
    budget = Budget(redis_command_limit=10_000)
    reader = RedisReader(address, budget=budget, timeout_s=5)
    queue = Queue(QUEUE, {"connection": address})
    yield Place(
        url=address,
        client=client,
        queue=queue,
        budget=budget,
        reader=reader,
        bullmq=Bullmq(reader, prefix="bull"),
    )
    await reader.close()
    await queue.close()
    await client.aclose()
