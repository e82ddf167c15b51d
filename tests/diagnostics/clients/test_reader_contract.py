"""One suite for both ways of reading Redis: through the edge, before a real server, they give equal answers."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.clients.queue_in_redis import BINARY, NAME, ODD_NAME, fill
from tests.sandbox.edge.field import Field, open_field

from diagnostics.budget import Budget
from diagnostics.clients.bullmq import Bullmq, Reach
from diagnostics.clients.http import open_http
from diagnostics.clients.reader import ALLOWED, Command, Reader
from diagnostics.clients.redis import RedisReader
from diagnostics.clients.upstash import RestAddress, UpstashReader
from diagnostics.errors import BudgetExhausted, OperationRefused, QuotaExhausted, SchemaError, Unauthorized
from diagnostics.readings import QueueCounts

WAYS = ("tcp", "rest")
USERS = {"operator": "default", "readonly": "default_ro"}
TOKENS = {"operator": "operator-token", "readonly": "read-token"}
COMMANDS: tuple[Command, ...] = (
    ("EXISTS", "bull:agent-jobs:meta", "bull:none"),
    ("LLEN", "bull:agent-jobs:wait"),
    ("ZCARD", "bull:agent-jobs:delayed"),
    ("GET", "bull:agent-jobs:id"),
    ("GET", "bull:agent-jobs:2:lock"),
    ("GET", "bull:none"),
    ("MGET", "bull:agent-jobs:id", "bull:none"),
    ("PTTL", "bull:agent-jobs:2:lock"),
    ("DBSIZE",),
    ("HGET", "bull:agent-jobs:4", "name"),
    ("HMGET", "bull:agent-jobs:5", "name", "timestamp", "finishedOn"),
    ("LRANGE", "bull:agent-jobs:active", 0, -1),
    ("LRANGE", "bull:none", 0, -1),
    ("ZRANGE", "bull:agent-jobs:failed", -1, -1, "WITHSCORES"),
    ("XREVRANGE", "bull:agent-jobs:events", "+", "-", "COUNT", 3),
    ("SCAN", 0, "MATCH", "bull:*:meta", "COUNT", 1000),
    ("SORT_RO", "bull:agent-jobs:failed", "BY", "nosort", "GET", "#", "GET", "bull:agent-jobs:*->name"),
    ("EVAL_RO", "return {1, 'two', {redis.status_reply('OK'), false}}", 0),
    ("INFO", "keyspace"),
)
LOOKS: dict[str, Callable[[Bullmq], Awaitable[Any]]] = {
    "counts": lambda b: b.counts(NAME),
    "glance": lambda b: b.glance(NAME),
    "odd name": lambda b: b.glance(ODD_NAME),
    "full": lambda b: _full(b, NAME),
    "absent": lambda b: _full(b, "none"),
    "beside": lambda b: b.beside(NAME, ODD_NAME, "none", spare=30),
    "rows": lambda b: b.rows(NAME),
    "events": lambda b: b.events(NAME, count=3),
    "history": lambda b: b.history(NAME, Reach(commands=20, since_ms=0, within_s=5)),
    "keyspace": lambda b: b.keyspace(known=[NAME]),
}


async def _full(bullmq: Bullmq, name: str) -> QueueCounts:
    return await bullmq.full(name, before=await bullmq.glance(name))


@asynccontextmanager
async def reading(
    field: Field, way: str, *, client: str = "operator", budget: Budget | None = None
) -> AsyncIterator[Reader]:
    """A reader that goes one way with the token of one client."""
    purse, ca_file, port = budget or Budget(), field.folder / "ca.pem", field.edge.port
    token, origin = TOKENS[client], f"https://localhost:{port}"
    trust = {origin: ssl.create_default_context(cafile=str(ca_file))}
    async with open_http(purse, trust=trust) as http:
        url = f"rediss://{USERS[client]}:{token}@localhost:{port}"
        reader: Reader = (
            RedisReader(url, budget=purse, timeout_s=5, ca_file=ca_file)
            if way == "tcp"
            else UpstashReader(http, RestAddress(url=origin, token=token), budget=purse, timeout_s=5)
        )
        try:
            yield reader
        finally:
            await reader.close()


@pytest.fixture
async def field() -> AsyncIterator[Field]:
    async with open_field() as one:
        await fill(one.server.client, NAME, ODD_NAME)
        yield one


def told(reply: Any) -> Any:
    """A reply to compare: of an error, its class and its words behind the address."""
    return (type(reply), str(reply).partition(": ")[2]) if isinstance(reply, Exception) else reply


@pytest.mark.parametrize("client", ["operator", "readonly"])
async def test_every_permitted_read_gives_equal_replies(field: Field, client: str) -> None:
    """Type by type: bytes, integer, nothing, list, pairs, a dict of INFO, and the refusal of one command."""
    answers = []
    for way in WAYS:
        async with reading(field, way, client=client) as reader:
            answers.append([told(reply) for reply in await reader.read(*COMMANDS)])
    assert answers[0] == answers[1]
    assert {command[0] for command in COMMANDS} == ALLOWED
    assert answers[0][COMMANDS.index(("GET", "bull:agent-jobs:2:lock"))] == BINARY
    assert any(isinstance(reply, tuple) and reply[0] is Unauthorized for reply in answers[0]) == (client == "readonly")


@pytest.mark.parametrize("client", ["operator", "readonly"])
@pytest.mark.parametrize("look", LOOKS)
async def test_the_queue_looks_the_same_either_way(field: Field, look: str, client: str) -> None:
    """Whatever BullMQ's client asks, with either of the platform's tokens."""
    seen = []
    for way in WAYS:
        async with reading(field, way, client=client) as reader:
            seen.append(await LOOKS[look](Bullmq(reader, prefix="bull")))
    assert seen[0] == seen[1]
    assert repr(seen[0]) == repr(seen[1])


@pytest.mark.parametrize("way", WAYS)
async def test_the_budget_is_what_the_edge_counts(field: Field, way: str) -> None:
    """Handshake and pipelines included; one HTTP request a pipeline."""
    budget = Budget()
    async with reading(field, way, budget=budget) as reader:
        await reader.latency("bull:agent-jobs:meta")
        await reader.read(*COMMANDS)
        await Bullmq(reader, prefix="bull").rows(NAME)
    assert budget.redis_commands == field.gate.commands["operator"]
    assert budget.redis_commands == 1 + len(COMMANDS) + 4 + (way == "tcp")
    assert budget.http_requests == (4 if way == "rest" else 0)


@pytest.mark.parametrize("way", WAYS)
async def test_only_permitted_reads_that_fit_the_budget_are_sent(field: Field, way: str) -> None:
    """Refused before anything is sent or paid for."""
    budget = Budget(redis_command_limit=3)
    async with reading(field, way, budget=budget) as reader:
        with pytest.raises(OperationRefused):
            await reader.read(("GET", "a"), ("SET", "a", "1"))
        assert (budget.redis_commands, field.gate.commands["operator"]) == (0, 0)
        with pytest.raises(BudgetExhausted):
            await reader.read(*[("GET", "a")] * 4)
        assert field.gate.commands["operator"] <= 1, "the handshake at most"
        assert await reader.read(("GET", "a")) == [None]


@pytest.mark.parametrize("way", WAYS)
async def test_a_spent_quota_ends_the_read_and_every_later_one(field: Field, way: str) -> None:
    """Told as such, though other commands of the pipeline were answered."""
    async with reading(field, way) as reader:
        await reader.read(("GET", "a"))
        field.gate.daily_limit = field.gate.usage + 1
        with pytest.raises(QuotaExhausted):
            await reader.read(("GET", "a"), ("GET", "a"))


@pytest.mark.parametrize("way", WAYS)
async def test_a_wrong_token_is_refused_once(field: Field, way: str) -> None:
    """A later read fails without another attempt: each would slow us down more."""
    async with reading(field, way) as reader:
        field.gate.keep([])
        for _ in range(3):
            with pytest.raises(Unauthorized) as caught:
                await reader.read(("GET", "a"))
            assert "operator-token" not in str(caught.value)
    assert field.gate.commands["unauthenticated"] == 1


@pytest.mark.parametrize("way", WAYS)
async def test_an_error_reply_concerns_its_command_alone(field: Field, way: str) -> None:
    """The wrong type of key and a faulty script are error objects among good replies."""
    async with reading(field, way) as reader:
        found = await reader.read(("LLEN", "bull:agent-jobs:failed"), ("EVAL_RO", "no lua", 0), ("GET", "none"))
    assert [type(reply) for reply in found] == [SchemaError, SchemaError, type(None)]


async def test_reads_side_by_side_get_their_own_replies(field: Field) -> None:
    """Over one connection, in the order they were sent; one that is cancelled leaves the others theirs."""
    async with reading(field, "tcp") as reader:
        (size,) = await reader.read(("DBSIZE",))
        field.edge.weather.latency_s = 0.1
        reads = [asyncio.create_task(reader.read(*[("ZCARD", f"none-{n}")] * n, ("DBSIZE",))) for n in range(6)]
        await asyncio.sleep(0.02)
        for one in (0, 3, 5):
            reads[one].cancel()
        found = await asyncio.gather(*reads, return_exceptions=True)
        assert await reader.read(("LLEN", "none"), ("DBSIZE",)) == [0, size]
    assert size > 0
    assert [isinstance(one, asyncio.CancelledError) for one in found] == [True, False, False, True, False, True]
    assert [found[n] for n in (1, 2, 4)] == [[*[0] * n, size] for n in (1, 2, 4)]


class Lane:
    """A field on a loop of its own, for tests that are not asynchronous themselves."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._opened = open_field()
        self.field: Field = self.run(self._opened.__aenter__())

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def close(self) -> None:
        self.run(self._opened.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="module")
def lane() -> Iterator[Lane]:
    one = Lane()
    yield one
    one.close()


async def _both(field: Field, values: list[bytes | int]) -> list[list[Any]]:
    client = field.server.client
    await client.delete("list", "hash")
    await client.rpush("list", *values)
    await client.hset("hash", mapping={str(n): value for n, value in enumerate(values)})
    answers = []
    for way in WAYS:
        async with reading(field, way) as reader:
            answers.append(await reader.read(("LRANGE", "list", 0, -1), ("HMGET", "hash", *range(len(values) + 1))))
    return answers


@given(
    values=st.lists(
        st.binary(max_size=64) | st.text(max_size=20).map(str.encode) | st.integers(-(2**63), 2**63 - 1),
        min_size=1,
        max_size=30,
    )
)
def test_any_value_comes_through_both_ways(lane: Lane, values: list[bytes | int]) -> None:
    """Binary, empty, Unicode, large integers: to the byte."""
    written = [value if isinstance(value, bytes) else str(value).encode() for value in values]
    tcp, rest = lane.run(_both(lane.field, values))
    assert tcp == rest == [written, [*written, None]]
