"""The edge before a real server: who may pass, what is counted, and every kind of bad weather."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from tests.sandbox.edge.field import USERS, Field, open_field

from sandbox.edge import Credential, Gate
from sandbox.edge.backend import Backend


@pytest.fixture
async def field() -> AsyncIterator[Field]:
    async with open_field() as one:
        yield one


@pytest.mark.parametrize(
    "words",
    [
        b"*2\r\n$4\r\nAUTH\r\n$14\r\noperator-token\r\n",
        b"*3\r\n$4\r\nauth\r\n$7\r\ndefault\r\n$14\r\noperator-token\r\n",
        b"AUTH operator-token\r\n",
    ],
)
async def test_every_way_to_authenticate_is_accepted(field: Field, words: bytes) -> None:
    """AUTH with and without the user, in an array and inline; the next command goes through."""
    assert await field.raw(words + b"PING\r\n", b"+PONG\r\n") == b"+OK\r\n+PONG\r\n"


async def test_hello_3_authenticates_and_speaks_resp3(field: Field) -> None:
    """A client of protocol 3 meets the real server's answer."""
    async with field.client(protocol=3) as client:
        await client.hset("h", mapping={"a": 1})
        assert await client.hgetall("h") == {"a": "1"}


@pytest.mark.parametrize(
    ("username", "token"),
    [("default", "nonsense"), ("default", "read-token"), ("default_ro", "operator-token"), ("nobody", "worker-token")],
)
async def test_a_wrong_token_is_refused_in_the_servers_words(field: Field, username: str, token: str) -> None:
    """Also the read-only token under the name of the default user."""
    wrong = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"
    assert await field.raw(f"AUTH {username} {token}\r\n".encode(), b"\r\n") == wrong
    with pytest.raises(AuthenticationError):
        await field.client(token, username).ping()


async def test_a_late_token_check_is_worded_like_a_wrong_token(field: Field) -> None:
    """For one client; the token is right all the time, and others pass."""
    field.edge.weather.late.add("worker")
    try:
        async with field.client("worker-token") as client:
            with pytest.raises(ResponseError, match="DB connection timed-out or wrong username-password given"):
                await client.ping()
        async with field.client() as client:
            assert await client.ping()
    finally:
        field.edge.weather.late.clear()
    async with field.client("worker-token") as client:
        assert await client.ping()


async def test_a_database_beside_has_tokens_and_keys_of_its_own(field: Field) -> None:
    """Another port with the same certificate: a token of one is none of the other."""
    credential = Credential(client="worker", username="default", token="other", backend_password=USERS.default)
    beside = field.edge.beside(gate=Gate(credentials=[credential]), backend_path=field.server.socket_path)
    await beside.open()
    try:
        async with field.client("other", port=beside.port) as client:
            assert await client.ping()
        async with field.client("operator-token", port=beside.port) as client:
            with pytest.raises(AuthenticationError):
                await client.ping()
    finally:
        beside.close()


async def test_a_command_before_authentication_is_refused(field: Field) -> None:
    """Nothing reaches the server."""
    assert await field.raw(b"GET a\r\nHELLO 3\r\n", b"required.\r\n") == b"-NOAUTH Authentication required.\r\n"
    assert field.gate.commands["unauthenticated"] == 2


async def test_every_command_is_counted_for_its_client(field: Field) -> None:
    """Handshake and pipelines included."""
    async with field.client() as operator:
        await operator.ping()
        handshake = field.gate.commands["operator"] - 1
        pipeline = operator.pipeline(transaction=False)
        for _ in range(7):
            pipeline.llen("x")
        await pipeline.execute()
        pipeline = operator.pipeline(transaction=True)
        pipeline.llen("x")
        await pipeline.execute()
    assert handshake >= 1
    assert field.gate.commands["operator"] == handshake + 1 + 7 + 3
    assert field.gate.commands["worker"] == 0


async def test_the_readonly_user_reads_and_nothing_else(field: Field) -> None:
    """The server's own ACL decides: `+@read` without SCAN and KEYS, no PING, no INFO."""
    async with field.client() as operator:
        await operator.lpush("bull:q:wait", "1")
    async with field.client("read-token", "default_ro") as reader:
        assert await reader.llen("bull:q:wait") == 1
        for words in (("PING",), ("INFO",), ("SCAN", "0"), ("KEYS", "*"), ("SET", "a", "1"), ("EVAL", "return 1", "0")):
            with pytest.raises(NoPermissionError):
                await reader.execute_command(*words)


async def test_an_exhausted_quota_refuses_in_order(field: Field) -> None:
    """Commands before the limit are answered by the server, those after it by the edge, in their order."""
    async with field.client() as client:
        await client.set("a", "value")
        field.gate.daily_limit = field.gate.usage + 2
        pipeline = client.pipeline(transaction=False)
        for _ in range(4):
            pipeline.get("a")
        found = await pipeline.execute(raise_on_error=False)
        assert found[:2] == ["value", "value"]
        limit = field.gate.daily_limit
        for refusal, usage in zip(found[2:], (limit + 1, limit + 2), strict=True):
            assert isinstance(refusal, ResponseError)
            expected = f"max daily request limit exceeded. Limit: {limit}, Usage: {usage}. See https://upstash.com/docs"
            assert str(refusal).startswith(expected)
        field.gate.daily_limit = None
        assert await client.get("a") == "value"


async def test_latency_delays_and_keeps_order(field: Field) -> None:
    """A pipeline takes the latency once, its replies stay in order."""
    async with field.client() as client:
        await client.ping()
        field.edge.weather.latency_s = 0.15
        began_at = time.monotonic()
        pipeline = client.pipeline(transaction=False)
        for number in range(20):
            pipeline.echo(str(number))
        assert await pipeline.execute() == [str(number) for number in range(20)]
        assert time.monotonic() - began_at >= 0.15


async def test_a_stalled_edge_accepts_and_never_answers(field: Field) -> None:
    """Old and new connections hang; afterwards new ones work."""
    old = field.client(socket_timeout=0.3)
    await old.ping()
    field.edge.stall()
    for client in (old, field.client(socket_timeout=0.3)):
        with pytest.raises(RedisTimeoutError):
            await client.ping()
    field.edge.unstall()
    async with field.client() as client:
        assert await client.ping()


async def test_a_refusing_edge_drops_everybody_and_keeps_its_port(field: Field) -> None:
    """Connections are refused by the kernel, the port stays reserved, and works again."""
    client = field.client(is_single=True)
    await client.ping()
    port = field.edge.port
    field.edge.refuse()
    with pytest.raises(RedisConnectionError):
        await client.ping()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    await field.edge.open()
    async with field.client() as again:
        assert await again.ping()


async def test_reset_drops_one_client_only(field: Field) -> None:
    """Rotating one client's token leaves the others connected."""
    operator, worker = field.client(is_single=True), field.client("worker-token", is_single=True)
    await operator.ping()
    await worker.ping()
    field.edge.reset("worker")
    await operator.ping()
    with pytest.raises(RedisConnectionError):
        await worker.ping()


async def test_big_values_and_blocking_commands_pass(field: Field) -> None:
    """Flow control holds for megabytes, and a blocked client does not hinder another."""
    async with field.client() as client, field.client() as other:
        value = "x" * 3_000_000
        await client.set("big", value)
        assert await client.get("big") == value
        blocked = asyncio.create_task(other.blpop("list", 10))
        await client.ping()
        await client.rpush("list", "item")
        assert await blocked == ("list", "item")


async def test_the_server_going_away_closes_its_clients(field: Field) -> None:
    """And a restarted server has its data back."""
    client = field.client(is_single=True)
    await client.set("kept", "yes")
    await field.server.stop()
    with pytest.raises(RedisConnectionError):
        await client.ping()
    await field.server.start()
    async with field.client() as again:
        assert await again.get("kept") == "yes"


async def test_the_edge_adds_little(field: Field) -> None:
    """Median added time stays well below a millisecond."""

    async def median(ask: Callable[[], Any]) -> float:
        times = []
        for _ in range(300):
            began_at = time.perf_counter()
            await ask()
            times.append(time.perf_counter() - began_at)
        return statistics.median(times)

    async with field.client() as client:
        await client.ping()
        through, direct = await median(client.ping), await median(field.server.client.ping)
    assert through - direct < 0.001


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_an_inserted_reply_keeps_its_place_in_any_chunking(size: int) -> None:
    """The mark is found even when it is cut in two."""
    said: list[bytes] = []

    class Client:
        def reply(self, data: bytes) -> None:
            said.append(data)

        def backend_lost(self) -> None: ...
        def hold_backend(self, *, hold: bool) -> None: ...

    backend = Backend(Client())
    sent: list[bytes] = []
    backend.send = sent.append  # type: ignore[method-assign]
    backend.insert(b"-ERR mine\r\n")
    nonce = sent[0].split(b"\r\n")[-2]
    stream = b"$5\r\nvalue\r\n" + b"$%d\r\n%s\r\n" % (len(nonce), nonce) + b":7\r\n"
    for position in range(0, len(stream), size):
        backend.data_received(stream[position : position + size])
    assert b"".join(said) == b"$5\r\nvalue\r\n-ERR mine\r\n:7\r\n"
