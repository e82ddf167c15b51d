"""Upstash REST on the edge: the same server, tokens, counts and weather as over RESP."""

import asyncio
import base64
import json
import ssl
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from tests.sandbox.edge.field import Field, open_field


@pytest.fixture
async def field() -> AsyncIterator[Field]:
    async with open_field() as one:
        yield one


def client(field: Field, token: str | None = "operator-token", **options: Any) -> httpx.AsyncClient:
    """What speaks to the edge over HTTPS with a token."""
    return httpx.AsyncClient(
        base_url=f"https://localhost:{field.edge.port}",
        headers={"Authorization": f"Bearer {token}"} if token else {},
        verify=ssl.create_default_context(cafile=str(field.folder / "ca.pem")),
        trust_env=False,
        timeout=options.pop("timeout", 5),
        **options,
    )


async def test_a_command_comes_in_the_path_or_in_the_body(field: Field) -> None:
    """Five ways to say the same; a path segment may hold an encoded slash, a posted body is the last word."""
    async with client(field) as http:
        assert (await http.post("/set/a%2Fb", content=b"one two")).json() == {"result": "OK"}
        assert (await http.get(f"/get/{quote('a/b', safe='')}")).json() == {"result": "one two"}
        assert (await http.post("/", json=["GET", "a/b"])).json() == {"result": "one two"}
        assert (await http.put("/strlen/a%2Fb")).json() == {"result": 7}
        assert (await http.post("/pipeline", json=[["GET", "a/b"], ["LLEN", "x"]])).json() == [
            {"result": "one two"},
            {"result": 0},
        ]
        assert (await http.head("/get/a%2Fb")).content == b""


async def test_every_form_of_reply(field: Field) -> None:
    """Null, integer, text, list and list of lists."""
    async with client(field) as http:
        await http.post(
            "/pipeline", json=[["RPUSH", "l", "1", "2"], ["HSET", "h", "a", "1"], ["XADD", "s", "1-1", "k", "v"]]
        )
        replies = await http.post(
            "/pipeline",
            json=[
                ["GET", "none"],
                ["LLEN", "l"],
                ["LRANGE", "l", 0, -1],
                ["HMGET", "h", "a", "b"],
                ["XRANGE", "s", "-", "+"],
            ],
        )
    assert [item["result"] for item in replies.json()] == [None, 2, ["1", "2"], ["1", None], [["1-1", ["k", "v"]]]]


async def test_strings_come_in_base64_when_asked_for(field: Field) -> None:
    """All but OK, at every depth; numbers stay numbers."""
    value = bytes(range(256))
    await field.server.client.set("b", value)
    async with client(field) as http:
        http.headers["Upstash-Encoding"] = "base64"
        replies = (
            await http.post("/pipeline", json=[["SET", "a", "1"], ["GET", "b"], ["MGET", "a", "c"], ["LLEN", "l"]])
        ).json()
    assert replies[0] == {"result": "OK"}
    assert base64.b64decode(replies[1]["result"]) == value
    assert replies[2:] == [{"result": [base64.b64encode(b"1").decode(), None]}, {"result": 0}]


@pytest.mark.parametrize("token", [None, "", "wrong", "backend-default"])
async def test_a_wrong_or_missing_token_is_refused(field: Field, token: str | None) -> None:
    """401 and Upstash's words; nothing reaches the server, and nobody's count grows."""
    async with client(field, token) as http:
        answer = await http.get("/get/a")
    assert (answer.status_code, answer.json()) == (401, {"error": "WRONGPASS invalid or missing auth token"})
    assert dict(field.gate.commands) == {"unauthenticated": 1}


async def test_the_servers_error_is_a_400_alone_and_an_item_in_a_pipeline(field: Field) -> None:
    """The old script's mistake: a list length asked of a sorted set."""
    await field.server.client.zadd("z", {"a": 1})
    wrong = {"error": "WRONGTYPE Operation against a key holding the wrong kind of value"}
    async with client(field) as http:
        alone = await http.get("/llen/z")
        among = await http.post("/pipeline", json=[["LLEN", "z"], ["ZCARD", "z"]])
    assert (alone.status_code, alone.json()) == (400, wrong)
    assert (among.status_code, among.json()) == (200, [wrong, {"result": 1}])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/", b"{"),
        ("/", b"[]"),
        ("/", b'{"GET":1}'),
        ("/pipeline", b"[]"),
        ("/pipeline", b'["GET"]'),
        ("/multi-exec", b"[]"),
    ],
)
async def test_what_holds_no_command_is_refused(field: Field, path: str, body: bytes) -> None:
    """400 with an error; transactions are not served."""
    async with client(field) as http:
        answer = await http.post(path, content=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("ERR ")
    assert field.gate.commands["operator"] == 0


async def test_other_methods_and_commands_that_need_a_connection(field: Field) -> None:
    """405; BLPOP, SUBSCRIBE and MULTI have no meaning here."""
    async with client(field) as http:
        assert (await http.delete("/get/a")).status_code == 405
        for words in (["BLPOP", "l", "0"], ["subscribe", "c"], ["MULTI"], ["CLIENT", "LIST"]):
            answer = await http.post("/", json=words)
            assert (answer.status_code, answer.json()["error"][:28]) == (400, "ERR Command is not available")


async def test_each_command_counts_for_its_client(field: Field) -> None:
    """Every one in a pipeline; the read-only token is the server's read-only user."""
    async with (
        client(field) as operator,
        client(field, "read-token") as readonly,
        client(field, "worker-token") as worker,
    ):
        await operator.post("/pipeline", json=[["LLEN", "x"]] * 7)
        await worker.get("/get/a")
        refused = await readonly.post("/pipeline", json=[["LLEN", "x"], ["SCAN", "0"], ["INFO"], ["SET", "a", "1"]])
    assert dict(field.gate.commands) == {"operator": 7, "worker": 1, "readonly": 4}
    results = refused.json()
    assert results[0] == {"result": 0}
    assert all(item["error"].startswith("NOPERM") for item in results[1:])


async def test_an_exhausted_quota_refuses_in_order(field: Field) -> None:
    """What came before the limit is answered; alone it is a 400 with the same words; both protocols share the quota."""
    async with client(field) as http, field.client() as resp:
        await resp.set("a", "value")
        field.gate.daily_limit = field.gate.usage + 1
        items = (await http.post("/pipeline", json=[["GET", "a"], ["GET", "a"]])).json()
        alone = await http.get("/get/a")
    assert items[0] == {"result": "value"}
    assert items[1]["error"].startswith("ERR max daily request limit exceeded. Limit: ")
    assert (alone.status_code, alone.json()["error"][:35]) == (400, "ERR max daily request limit exceede")


async def test_a_rotated_token_blinds_its_own_client_alone(field: Field) -> None:
    """The next request of the worker is refused, the operator's is not."""
    field.gate.keep(each for each in field.gate.credentials if each.client != "worker")
    async with client(field) as operator, client(field, "worker-token") as worker:
        assert (await worker.get("/get/a")).status_code == 401
        assert (await operator.get("/get/a")).status_code == 200


async def test_latency_delays_a_request_once(field: Field) -> None:
    """A pipeline pays it once."""
    field.edge.weather.latency_s = 0.15
    async with client(field) as http:
        began_at = time.monotonic()
        await http.post("/pipeline", json=[["GET", "a"]] * 10)
        assert 0.15 <= time.monotonic() - began_at < 1.5


async def test_a_stalled_edge_accepts_and_never_answers(field: Field) -> None:
    """Kept and new connections hang; afterwards new ones work, and those that hung are gone."""
    async with client(field, timeout=0.3) as http:
        await http.get("/get/a")
        field.edge.stall()
        for _ in range(2):
            with pytest.raises(httpx.ReadTimeout):
                await http.get("/get/a")
        while field.edge.connections:
            await asyncio.sleep(0)
        waiting = asyncio.create_task(http.get("/get/a", timeout=10))
        while not any(each.was_stalled for each in field.edge.connections):
            await asyncio.sleep(0)
        field.edge.unstall()
        with pytest.raises(httpx.RemoteProtocolError):
            await waiting
        assert (await http.get("/get/a", timeout=5)).status_code == 200


async def test_a_refusing_edge_drops_kept_connections(field: Field) -> None:
    """Connections are refused by the kernel, and work again once the edge is open."""
    async with client(field) as http:
        await http.get("/get/a")
        field.edge.refuse()
        with pytest.raises(httpx.TransportError):
            await http.get("/get/a")
        with pytest.raises(httpx.ConnectError):
            await http.get("/get/a")
        await field.edge.open()
        assert (await http.get("/get/a")).status_code == 200


async def test_the_server_going_away_breaks_the_connection(field: Field) -> None:
    """No answer is made up; a restarted server is found again."""
    async with client(field) as http:
        await field.server.stop()
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get("/get/a")
        await field.server.start()
        assert (await http.get("/get/a")).json() == {"result": None}


@pytest.mark.parametrize("size", [1, 7, 4096])
async def test_the_protocol_is_told_by_the_first_line_however_it_is_cut(field: Field, size: int) -> None:
    """HTTP, RESP arrays and inline commands share one port."""
    context = ssl.create_default_context(cafile=str(field.folder / "ca.pem"))
    body = json.dumps(["ECHO", "x"]).encode()
    head = f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer operator-token\r\nContent-Length: {len(body)}\r\n\r\n"
    for said, heard in (
        (head.encode() + body, b'{"result": "x"}'),
        (b"*2\r\n$4\r\nAUTH\r\n$14\r\noperator-token\r\n*1\r\n$4\r\nPING\r\n", b"+PONG\r\n"),
        (b"AUTH operator-token\r\nPING\r\n", b"+PONG\r\n"),
    ):
        reader, writer = await asyncio.open_connection("localhost", field.edge.port, ssl=context)
        for position in range(0, len(said), size):
            writer.write(said[position : position + size])
            await writer.drain()
        async with asyncio.timeout(10):
            await reader.readuntil(heard)
        writer.close()


async def test_a_big_value_passes(field: Field) -> None:
    """Megabytes both ways."""
    value = "x" * 3_000_000
    async with client(field) as http:
        assert (await http.post("/set/big", content=value.encode())).json() == {"result": "OK"}
        assert (await http.get("/get/big")).json() == {"result": value}
