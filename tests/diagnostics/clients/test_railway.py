"""Railway's answer: what its log vouches for, and what its errors mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.contracts.clients.reads import SERVICE
from tests.diagnostics.clients.answering import answering, http

from diagnostics.budget import Budget
from diagnostics.clients.http import open_http
from diagnostics.clients.railway import LOG_LINES, RailwayAnswer, read_service
from diagnostics.errors import ClientError, SchemaError, Unauthorized
from diagnostics.profile import RailwaySection

UNTIL = datetime(2026, 1, 31, 3, 0, tzinfo=UTC)
SINCE = UNTIL - timedelta(hours=3)


def line(minutes_before_end: float, message: str = "x", service: str | None = "s") -> dict[str, Any]:
    stamp = (UNTIL - timedelta(minutes=minutes_before_end)).isoformat().replace("+00:00", "Z")
    return {
        "timestamp": stamp,
        "message": message,
        "severity": "info",
        "attributes": [],
        "tags": {"serviceId": service},
    }


async def read(envelope: dict[str, Any], *, kind: str = "project") -> tuple[RailwayAnswer, bytes]:
    """The reading of one answer, and the head of the request that got it."""
    section = RailwaySection(project_id="p", environment_id="e", service_id="s", token_kind=kind)
    async with answering(http(200, json.dumps(envelope).encode())) as server, open_http(Budget()) as client:
        at = section.model_copy(update={"base_url": server.url})
        found = await read_service(client, at, "canary", since=SINCE, until=UNTIL, timeout_s=5)
        return found, server.requests[0]


def answer(**data: Any) -> dict[str, Any]:
    return {"data": {**SERVICE["data"], **data}}


async def test_a_log_that_was_cut_off_vouches_from_its_oldest_line_on() -> None:
    """What is older than the newest two thousand lines was not seen."""
    lines = [line(60 - 60 * n / LOG_LINES) for n in range(LOG_LINES)]
    found, _ = await read(answer(lines=lines, errors=[line(120, "stalled")]))
    assert found.log is not None and found.log.is_truncated
    assert found.log.since_ms == int((UNTIL - timedelta(hours=1)).timestamp() * 1000)
    assert found.log.events[0].at_ms < found.log.since_ms


@pytest.mark.parametrize("lost", [{"service": "other"}, {"message": "x"}], ids=["another service", "unreadable time"])
async def test_a_full_log_without_one_line_of_ours_vouches_for_nothing(lost: dict[str, str]) -> None:
    """Silence behind somebody else's chatter is not silence."""
    made = {**line(1, **lost), **({} if "service" in lost else {"timestamp": "soon"})}
    found, _ = await read(answer(lines=[made] * LOG_LINES))
    assert found.log is not None
    assert (found.log.events, found.log.since_ms) == ((), found.log.until_ms)


async def test_a_short_log_vouches_for_the_whole_window() -> None:
    """Fewer lines than asked for: there are no others."""
    found, _ = await read(answer(lines=[line(5)]))
    assert found.log is not None and not found.log.is_truncated
    assert found.log.since_ms == int(SINCE.timestamp() * 1000)


async def test_no_log_is_no_empty_log() -> None:
    """A part that the API left out is absent, not silent."""
    found, _ = await read(answer(lines=None))
    assert found.log is None
    assert found.service.variables is None


@pytest.mark.parametrize(
    ("kind", "header"), [("project", b"Project-Access-Token: canary"), ("account", b"Authorization: Bearer canary")]
)
async def test_the_token_goes_where_its_kind_belongs(kind: str, header: bytes) -> None:
    """A project token and an account token travel in different headers."""
    _, request = await read(answer(), kind=kind)
    assert header.lower() in request.lower()


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("Not Authorized", Unauthorized),
        ("Project Token not found", Unauthorized),
        ('Cannot query field "x" on type "Query"', SchemaError),
        ("Problem processing request", ClientError),
    ],
)
async def test_refusals_arrive_in_a_good_answer(message: str, error: type[ClientError]) -> None:
    """GraphQL says no with status 200."""
    with pytest.raises(error):
        await read({"data": None, "errors": [{"message": message}]})
