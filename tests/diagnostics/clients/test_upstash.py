"""Upstash REST where it goes wrong: every answer is a reply or an error of ours, and no variable is guessed at."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnostics.clients.answering import answering, cut, http

from diagnostics.budget import Budget
from diagnostics.clients.http import MAX_BYTES, open_http
from diagnostics.clients.reader import Command
from diagnostics.clients.upstash import RestAddress, UpstashReader, _decoded, rest_address
from diagnostics.errors import (
    BadStatus,
    BudgetExhausted,
    ClientError,
    ClientTimeout,
    ConnectFailed,
    NameUnresolved,
    OperationRefused,
    Oversized,
    QuotaExhausted,
    RateLimited,
    SchemaError,
    SettingsError,
    Unauthorized,
)
from sandbox.edge.rest import _plain

TOKEN = "canary-of-upstash"
READ: Command = ("GET", "a")
QUOTA = "ERR max daily request limit exceeded. Limit: 10000, Usage: 10001. See https://upstash.com/docs"
MONTH = "ERR max requests limit exceeded. Limit: 500000"
WRONG = "WRONGPASS invalid or missing auth token"


def said(status: int, payload: object, **headers: str) -> bytes:
    return http(status, json.dumps(payload).encode(), **headers)


async def ask(reply: bytes | None, *commands: Command, drip_s: float = 0.0, timeout_s: float = 5.0) -> list[Any]:
    """What the reader makes of one answer."""
    async with answering(reply, drip_s=drip_s) as server, open_http(Budget()) as client:
        address = RestAddress(url=server.url, token=TOKEN)
        reader = UpstashReader(client, address, budget=Budget(), timeout_s=timeout_s)
        return await reader.read(*(commands or (READ,)))


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (said(401, {"error": WRONG}), Unauthorized),
        (said(401, {"error": "Unauthorized"}), Unauthorized),
        (said(403, {}), Unauthorized),
        (said(400, {"error": "WRONGPASS invalid username-password pair or user is disabled."}), Unauthorized),
        (said(400, {"error": QUOTA}), QuotaExhausted),
        (said(400, {"error": MONTH}), QuotaExhausted),
        (said(429, {"error": MONTH}), QuotaExhausted),
        (said(200, [{"error": QUOTA}]), QuotaExhausted),
        (said(429, {"error": "slow down"}), RateLimited),
        (said(400, {"error": "ERR failed to parse pipeline request"}), BadStatus),
        (said(404, {}), BadStatus),
        (said(405, {"error": "ERR"}), BadStatus),
        (said(500, {"error": 7}), BadStatus),
        (http(502, b"<html>", kind="text/html"), BadStatus),
        (http(401, b"<html>", kind="text/html"), Unauthorized),
        (said(302, {}, Location="http://127.0.0.1:9"), BadStatus),
        (http(200, b"<html>Sign in", kind="text/html"), SchemaError),
        (http(200, b'[{"result": "T0'), SchemaError),
        (http(200, b""), SchemaError),
        (http(200, b"[" * 100_000), SchemaError),
        (http(400, b"[" * 100_000), BadStatus),
        (cut(said(200, [{"result": None}])), ConnectFailed),
        (http(200, b" " * (MAX_BYTES + 1)), Oversized),
    ],
)
async def test_each_refusal_has_its_error(reply: bytes, error: type[ClientError]) -> None:
    """The server's words decide, then the status, then the form; the token is in no message."""
    with pytest.raises(ClientError) as caught:
        await ask(reply)
    assert type(caught.value) is error
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({"result": None}, "$"),
        ({"error": "EXECABORT transaction rejected"}, "$"),
        (None, "$"),
        ([], "$"),
        ([{"result": None}, {"result": None}], "$"),
        ([None], "$[0].result"),
        ([{}], "$[0].result"),
        ([{"error": None}], "$[0].result"),
        ([{"result": True}], "$[0].result"),
        ([{"result": {}}], "$[0].result"),
        ([{"result": "not base64!"}], "$[0].result"),
        ([{"result": "ж"}], "$[0].result"),
        ([{"result": [1, ["T0s=", False]]}], "$[0].result[1][1]"),
    ],
)
async def test_drift_is_named_by_its_path(payload: object, path: str) -> None:
    """A reply of another form is an error, never a value: no zero out of half an answer."""
    with pytest.raises(SchemaError) as caught:
        await ask(said(200, payload))
    assert caught.value.path == path
    assert path in str(caught.value)


async def test_a_reply_that_does_not_fit_its_command_is_drift() -> None:
    """A number where a stream was asked for; a list in a list in a list, deeper than we follow."""
    deep = b'[{"result": ' + b"[" * 700 + b"]" * 700 + b"}]"
    for reply, command in ((said(200, [{"result": 7}]), ("XREVRANGE", "s", "+", "-")), (http(200, deep), READ)):
        with pytest.raises(SchemaError):
            await ask(reply, command)


async def test_a_score_given_as_a_number_is_the_text_it_stands_for() -> None:
    """Over TCP scores are text; so they are here, whichever way the vendor writes them."""
    items = [{"result": ["Mw==", 1764000000004.5]}, {"result": [1e3, 7]}]
    found = await ask(said(200, items), ("ZRANGE", "z", 0, -1), ("ZRANGE", "y", 0, -1))
    assert found == [[b"3", b"1764000000004.5"], [b"1000.0", 7]]


async def test_one_refused_command_is_an_error_among_replies() -> None:
    """Its words are dropped, their meaning is kept."""
    items = [
        {"error": "NOPERM this user has no permissions to run the 'info' command or its subcommand"},
        {"error": f"WRONGTYPE Operation against a key {TOKEN}"},
        {"error": "ERR Command is not available: 'SORT_RO'"},
        {"result": 7},
    ]
    found = await ask(said(200, items), ("INFO",), ("LLEN", "a"), ("SORT_RO", "a"), ("LLEN", "b"))
    assert [type(reply) for reply in found] == [Unauthorized, SchemaError, SchemaError, int]
    assert TOKEN not in repr(found)


async def test_what_is_sent() -> None:
    """One POST of all commands as text, the token in a header and nowhere else, base64 asked for."""
    async with answering(said(200, [{"result": "T0s="}, {"result": 1}])) as server, open_http(Budget()) as client:
        reader = UpstashReader(client, RestAddress(url=server.url, token=TOKEN), budget=Budget(), timeout_s=5)
        assert await reader.read(("GET", "очередь"), ("LLEN", "a")) == [b"OK", 1]
    (request,) = server.requests
    head = request.decode("latin-1").lower()
    assert head.startswith("post /pipeline http/1.1\r\n")
    assert head.count(TOKEN) == 1
    assert f"authorization: bearer {TOKEN}\r\n" in head
    assert "upstash-encoding: base64\r\n" in head


@pytest.mark.parametrize("reply", [said(401, {"error": WRONG}), said(400, {"error": QUOTA}), said(429, {})])
async def test_what_another_request_would_make_worse_is_not_sent_again(reply: bytes) -> None:
    """Refused once, refused for this run, at the cost of one request."""
    budget = Budget()
    async with answering(reply) as server, open_http(budget) as client:
        reader = UpstashReader(client, RestAddress(url=server.url, token=TOKEN), budget=budget, timeout_s=5)
        for _ in range(3):
            with pytest.raises(ClientError):
                await reader.read(READ)
        assert len(server.requests) == 1
    assert (budget.http_requests, budget.redis_commands) == (1, 1)


async def test_a_passing_failure_may_be_asked_again() -> None:
    """A broken answer says nothing about the next: requests share no connection state."""
    budget = Budget()
    async with answering(said(500, {})) as server, open_http(budget) as client:
        reader = UpstashReader(client, RestAddress(url=server.url, token=TOKEN), budget=budget, timeout_s=5)
        for _ in range(2):
            with pytest.raises(BadStatus):
                await reader.read(READ)
        assert len(server.requests) == 2


async def test_nobody_there() -> None:
    """Refused and unresolved are told apart, as over TCP."""
    async with answering(b"") as server:
        url = server.url
    for address, error in ((url, ConnectFailed), ("https://nowhere.invalid", NameUnresolved)):
        async with open_http(Budget()) as client:
            reader = UpstashReader(client, RestAddress(url=address, token=TOKEN), budget=Budget(), timeout_s=5)
            with pytest.raises(ClientError) as caught:
                await reader.read(READ)
            assert type(caught.value) is error


@pytest.mark.parametrize("drip_s", [0.0, 0.1], ids=["silent", "dripping"])
async def test_silence_ends_in_time(drip_s: float) -> None:
    """A timeout, whether nothing comes or a byte now and then."""
    started = time.monotonic()
    with pytest.raises(ClientTimeout):
        await ask(said(200, [{"result": None}]) if drip_s else None, drip_s=drip_s, timeout_s=0.5)
    assert time.monotonic() - started < 5


async def test_a_spent_purse_or_a_forbidden_command_sends_nothing() -> None:
    """Neither Redis commands nor HTTP requests beyond the budget, and no write at all."""
    async with answering(said(200, [{"result": 1}])) as server:
        for budget, error, command in (
            (Budget(redis_command_limit=0), BudgetExhausted, READ),
            (Budget(http_request_limit=0), BudgetExhausted, READ),
            (Budget(), OperationRefused, ("DEL", "a")),
        ):
            async with open_http(budget) as client:
                reader = UpstashReader(client, RestAddress(url=server.url, token=TOKEN), budget=budget, timeout_s=5)
                with pytest.raises(error):
                    await reader.read(command)
        assert server.requests == []


async def test_the_http_client_itself_posts_permitted_reads_only() -> None:
    """Whoever calls it."""
    async with answering(b"") as server, open_http(Budget()) as client:
        with pytest.raises(OperationRefused):
            await client.pipeline(server.url, commands=[READ, ("FLUSHALL",)], headers={}, timeout_s=1)
        assert server.requests == []


VALUES = st.recursive(
    st.none() | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=40) | st.just(b"OK"),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=20,
)


@given(VALUES)
def test_any_tree_of_replies_survives_the_encoding(value: Any) -> None:
    """What the server says is what the reader hears, through JSON and back."""
    sent = json.loads(json.dumps(_plain(value, is_encoded=True)))
    assert _decoded(sent, "$", "here") == value


@given(st.text(max_size=12))
def test_a_string_is_decoded_or_refused_never_taken_as_it_stands(value: str) -> None:
    """A server that ignores the asked encoding is found out, or its text was valid base64 all along."""
    try:
        found = _decoded(value, "$", "here")
    except SchemaError:
        return
    assert found == b"OK" if value == "OK" else base64.b64encode(found).decode()[:-4] == value[:-4]


URL = ("UPSTASH_REDIS_REST_URL", "https://caring-bear-31313.upstash.io")
KEY = ("UPSTASH_REDIS_REST_TOKEN", TOKEN)


@pytest.mark.parametrize(
    ("url", "token", "complaint"),
    [
        (URL[1], None, "UPSTASH_REDIS_REST_URL is set, UPSTASH_REDIS_REST_TOKEN is not"),
        (None, TOKEN, "UPSTASH_REDIS_REST_TOKEN is set, UPSTASH_REDIS_REST_URL is not"),
        ("http://caring-bear-31313.upstash.io", TOKEN, "URL must begin with https://"),
        ("https://NAME.upstash.io", TOKEN, "URL still holds a placeholder"),
        ("https://your-db.upstash.io", TOKEN, "URL still holds a placeholder"),
        ("https://xxxx.upstash.io", TOKEN, "URL still holds a placeholder"),
        ("<url>", TOKEN, "URL still holds a placeholder"),
        ('"https://caring-bear-31313.upstash.io"', TOKEN, "URL has quotation marks"),
        ("https://caring-bear\n-31313.upstash.io", TOKEN, "URL has a space, a line break"),
        ("rediss://default:canary@caring-bear-31313.upstash.io:6379", TOKEN, "URL must look like https://"),
        ("https://default:canary@caring-bear-31313.upstash.io", TOKEN, "URL must look like https://"),
        ("https://caring-bear-31313.upstash.io?_token=canary", TOKEN, "URL must look like https://"),
        ("caring-bear-31313.upstash.io", TOKEN, "URL must look like https://"),
        ("https://caring-bear-31313.upstash.io:port", TOKEN, "URL must look like https://"),
        ("https://[", TOKEN, "URL must look like https://"),
        (URL[1], f"'{TOKEN}'", "TOKEN has quotation marks"),
        (URL[1], f"{TOKEN} {TOKEN}", "TOKEN has a space, a line break"),
        (URL[1], f"{TOKEN}\n{TOKEN}", "TOKEN has a space, a line break"),
        (URL[1], f"{TOKEN}ж", "TOKEN has a space, a line break or a foreign letter"),
        (URL[1], "<token>", "TOKEN still holds a placeholder"),
        (URL[1], f"{TOKEN}...", "TOKEN still holds a placeholder"),
        (URL[1], "https://caring-bear-31313.upstash.io", "TOKEN holds an address"),
    ],
)
def test_a_variable_that_cannot_work_is_one_clear_line(url: str | None, token: str | None, complaint: str) -> None:
    """It names the variable and the mend, and holds no part of a value."""
    with pytest.raises(SettingsError) as caught:
        rest_address((URL[0], url), (KEY[0], token))
    line = str(caught.value)
    assert complaint in line
    assert "\n" not in line
    assert "canary" not in line and "bear" not in line


@pytest.mark.parametrize(
    "url",
    [URL[1], f"{URL[1]}/", "https://eu1-proud-ant-1.upstash.io:443", "http://127.0.0.1:8079", "http://localhost:1"],
)
def test_a_good_address_passes(url: str) -> None:
    """Plain HTTP only on this machine; a slash at the end is dropped; `repr` hides the token."""
    found = rest_address((URL[0], url), KEY)
    assert found == RestAddress(url=url.rstrip("/"), token=TOKEN)
    assert TOKEN not in repr(found)


def test_neither_variable_is_no_way() -> None:
    """Unset is not malformed."""
    assert rest_address((URL[0], None), (KEY[0], "")) is None
