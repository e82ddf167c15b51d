"""One suite for every client that speaks HTTP: whatever comes back, the answer is a reading or an error of ours.

Never a zero, never a traceback. Adding a client is one row of `READS` in `reads.py`, whose docstring says how.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from tests.contracts.clients.reads import PATIENT_S, READS, SECRET, Read, Unknown
from tests.diagnostics.clients.answering import answering, cut, http

from diagnostics.budget import Budget
from diagnostics.clients.http import MAX_BYTES, open_http
from diagnostics.clients.worker import PATIENCE_S, read_health, read_metrics
from diagnostics.errors import (
    BadStatus,
    BudgetExhausted,
    ClientError,
    ClientTimeout,
    ConnectFailed,
    NameUnresolved,
    OperationRefused,
    Oversized,
    RateLimited,
    SchemaError,
    Unauthorized,
)

each = pytest.mark.parametrize("read", READS, ids=lambda read: read.name)


async def ask(read: Read, reply: bytes | None, *, budget: Budget | None = None, drip_s: float = 0.0) -> Any:
    """What the read makes of one reply."""
    async with answering(reply, drip_s=drip_s) as server, open_http(budget or Budget()) as client:
        return await read.call(client, server.url)


async def refusal(read: Read, url: str) -> ClientError:
    async with open_http(Budget()) as client:
        with pytest.raises(ClientError) as caught:
            await read.call(client, url)
    assert SECRET not in str(caught.value)
    return caught.value


@each
async def test_the_documented_answer_is_read(read: Read) -> None:
    """A good answer gives a reading."""
    assert await ask(read, http(200, read.body())) is not None


@each
async def test_fields_nobody_knows_are_ignored(read: Read) -> None:
    """Vendors add fields: that is no drift."""
    assert await ask(read, http(200, read.with_more())) is not None


@each
async def test_a_missing_field_is_named(read: Read) -> None:
    """Drift is an error that carries the field's path."""
    with pytest.raises(SchemaError) as caught:
        await ask(read, http(200, read.without()))
    assert caught.value.path.endswith(str(read.needs[-1]))


@each
async def test_a_field_of_another_kind_is_named(read: Read) -> None:
    """Null or an object where a value is expected, a text where a list is: drift, no zero and no empty list."""
    is_text = isinstance(read.value, str)
    for strange in ({"a": {}}, *([] if is_text else ["no such thing!"]), *([] if read.is_nullable else [None])):
        with pytest.raises(SchemaError) as caught:
            await ask(read, http(200, read.having(read.needs, strange)))
        assert str(read.needs[-1]) in caught.value.path


@pytest.mark.parametrize(
    ("read", "unknown"),
    [(read, unknown) for read in READS for unknown in read.unknown],
    ids=lambda case: case.name if isinstance(case, Read) else case.word,
)
async def test_a_word_nobody_has_heard_is_no_drift_and_no_good_news(read: Read, unknown: Unknown) -> None:
    """Vendors add words to their enumerations: the rest of the answer is read, the word is not taken for another."""
    assert unknown.holds(await ask(read, http(200, read.having(unknown.path, unknown.word))))


@each
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<!doctype html><title>Sign in</title>", "text/html"),
        (b"  <html>", "application/json"),
        (b'{"data": {"serv', "application/json"),
        (b"", "application/json"),
        (b"[NaN]", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"a": "\xff"}', "application/json"),
    ],
    ids=["html", "html as json", "cut short", "empty", "nan", "deep", "not utf-8"],
)
async def test_what_is_not_json_is_a_schema_error(read: Read, body: bytes, kind: str) -> None:
    """A web page, half an answer, NaN: one named error, never a traceback of the parser."""
    with pytest.raises(SchemaError):
        await ask(read, http(200, body, kind=kind))


@each
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, Unauthorized),
        (403, Unauthorized),
        (404, BadStatus),
        (429, RateLimited),
        (500, BadStatus),
        (502, BadStatus),
        (504, BadStatus),
    ],
)
async def test_each_status_is_seen_or_has_its_error(read: Read, status: int, error: type[ClientError]) -> None:
    """What the system tells about itself is an observation; everything else is the error that the status means."""
    reply = http(status, b"{}", Retry_After="7")
    if status in read.observes:
        assert await ask(read, reply) is not None
        return
    # A closed list of statuses: another one is drift, not a refusal of credentials that nobody asks for.
    expected = read.drifts or error
    with pytest.raises(expected) as caught:
        await ask(read, reply)
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after_s == 7


@each
async def test_a_refused_connection(read: Read) -> None:
    """Nobody listens."""
    async with answering(b"") as server:
        url = server.url
    assert type(await refusal(read, url)) is ConnectFailed


@each
async def test_a_name_that_does_not_resolve(read: Read) -> None:
    """`.invalid` has no address, by RFC 2606."""
    assert isinstance(await refusal(read, "http://nowhere.invalid"), NameUnresolved)


@each
async def test_a_connection_that_breaks(read: Read) -> None:
    """The promised length never comes."""
    with pytest.raises(ConnectFailed):
        await ask(read, cut(http(200, read.body())))


@each
async def test_an_answer_beyond_all_measure_is_not_read_to_its_end(read: Read) -> None:
    """We stop at our own limit, whatever the server goes on to send."""
    with pytest.raises(Oversized):
        await ask(read, http(200, b" " * (MAX_BYTES + 1)))


@each
@pytest.mark.parametrize("drip_s", [0.0, 0.1], ids=["silent", "dripping"])
async def test_silence_ends_in_time(read: Read, drip_s: float) -> None:
    """No answer, or a byte now and then: over when the time is out, with an observation or a timeout."""
    reply = http(200, read.body()) if drip_s else None
    started = time.monotonic()
    if read.observes_silence:
        assert await ask(read, reply, drip_s=drip_s) is not None
    else:
        with pytest.raises(ClientTimeout):
            await ask(read, reply, drip_s=drip_s)
    # Generous: it is the bound that is asserted, not the speed of this machine.
    assert time.monotonic() - started < PATIENT_S + 5


@each
async def test_a_spent_budget_sends_nothing(read: Read) -> None:
    """Not one request more than granted."""
    async with answering(http(200, read.body())) as server, open_http(Budget(http_request_limit=0)) as client:
        with pytest.raises(BudgetExhausted):
            await read.call(client, server.url)
        await asyncio.sleep(0)
        assert server.requests == []


@each
async def test_no_redirect_is_followed(read: Read) -> None:
    """A token must not travel to where somebody points."""
    async with answering(http(200, read.body())) as other:
        with pytest.raises(ClientError):
            await ask(read, http(302, b"{}", Location=other.url))
        assert other.requests == []


async def test_only_queries_are_sent() -> None:
    """A GraphQL mutation is refused before anything is sent."""
    async with answering(b"") as server, open_http(Budget()) as client:
        with pytest.raises(OperationRefused):
            await client.query(server.url, name="mutation { x }", variables={}, headers={}, timeout_s=1)
        assert server.requests == []


@pytest.mark.parametrize("read", [read_health, read_metrics], ids=["health", "metrics"])
async def test_a_wait_that_was_too_short_proves_no_silence(read) -> None:
    """A run that had half a second left has seen nothing: that is a blind spot, not a worker that hangs."""
    async with answering(None) as server, open_http(Budget()) as client:
        with pytest.raises(ClientTimeout):
            await read(client, server.url, timeout_s=PATIENCE_S - 1.0)
