"""Sentry's ingest: what a real SDK sends is filed, and what does not belong is refused as Sentry refuses it."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sentry_sdk
from tests.sandbox.vendors.sentry_served import ORG, Served, fail, served

from sandbox.vendors.sentry_ingest import BadEnvelope, read_envelope


@pytest.fixture
def sentry() -> Iterator[Served]:
    """A fresh stand-in."""
    with served() as running:
        yield running


def envelope(event: dict[str, Any] | None = None, *, kind: str = "event") -> bytes:
    """One event by hand, as the runbook sends it."""
    event_id = uuid.uuid4().hex
    payload = {"event_id": event_id, "platform": "other", "level": "fatal", "message": {"formatted": "INCIDENT 1"}}
    return b"\n".join(json.dumps(each).encode() for each in ({"event_id": event_id}, {"type": kind}, event or payload))


def post(sentry: Served, body: bytes, *, key: str | None = None, project: int | None = None, **headers: str) -> Any:
    """Send an envelope."""
    url = f"{sentry.base_url}/api/{project or sentry.state.project_id}/envelope/"
    auth = f"Sentry sentry_version=7, sentry_key={key or sentry.state.public_key}, sentry_client=runbook/1.0"
    return httpx.post(url, content=body, headers={"X-Sentry-Auth": auth, **headers}, timeout=5)


def outcomes(sentry: Served) -> dict[str, int]:
    """What became of the errors that were sent, as the API tells it."""
    query = {"field": "sum(quantity)", "groupBy": "outcome", "category": "error", "statsPeriod": "1h"}
    groups = sentry.get(f"{ORG}/stats_v2/", **query).json()["groups"]
    return {group["by"]["outcome"]: group["totals"]["sum(quantity)"] for group in groups}


def test_errors_of_one_place_become_one_issue(sentry: Served) -> None:
    """Type, route, users and stack trace of three real exceptions."""
    with sentry.sdk() as scope:
        for number in range(3):
            fail(scope, ValueError("no agent"), transaction="/api/agents", user={"id": str(number % 2)})
        fail(scope, KeyError("row"), transaction="/api/agents")
    issues = sentry.get(f"{ORG}/issues/", sort="freq", statsPeriod="1h").json()
    assert [(i["title"], i["count"], i["userCount"]) for i in issues] == [
        ("ValueError: no agent", "3", 2),
        ("KeyError: 'row'", "1", 0),
    ]
    latest = sentry.get(f"{ORG}/issues/{issues[0]['id']}/events/latest/").json()
    frame = latest["entries"][0]["data"]["values"][-1]["stacktrace"]["frames"][-1]
    assert frame["function"] == "_report"
    assert [line for number, line in frame["context"] if number == frame["lineNo"]] == ["        raise error"]


def test_a_request_becomes_a_span_with_its_failure(sentry: Served) -> None:
    """Two of four transactions answered 500, and Sentry counts them as failures."""
    with sentry.sdk(traces_sample_rate=1.0) as scope, sentry_sdk.scope.use_scope(scope):
        for status in (200, 500, 204, 503):
            with sentry_sdk.start_transaction(name="GET /api/agents", op="http.server") as transaction:
                transaction.set_http_status(status)
    query = {"dataset": "spans", "field": ["failure_rate()", "count()", "failure_count()"], "statsPeriod": "15m"}
    row = sentry.get(f"{ORG}/events/", query="is_transaction:true", **query).json()["data"][0]
    assert row == {"failure_rate()": 0.5, "count()": 4, "failure_count()": 2}


def test_an_event_of_a_resolved_issue_brings_it_back(sentry: Served) -> None:
    """It is unresolved again and called regressed."""
    with sentry.sdk() as scope:
        fail(scope, ValueError("first"))
    next(iter(sentry.state.store.issues.values())).status = "resolved"
    assert sentry.get(f"{ORG}/issues/").json() == []
    with sentry.sdk() as scope:
        fail(scope, ValueError("again"))
    assert [i["substatus"] for i in sentry.get(f"{ORG}/issues/").json()] == ["regressed"]


def test_a_spent_quota_drops_errors_and_says_so(sentry: Served) -> None:
    """429 with both headers; the SDK then keeps quiet, and the counts tell of it."""
    sentry.state.is_quota_spent = True
    answer = post(sentry, envelope())
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert answer.headers["X-Sentry-Rate-Limits"].startswith("60:error:organization")
    with sentry.sdk() as scope:
        fail(scope, ValueError("lost"))
    assert sentry.get(f"{ORG}/issues/", query="").json() == []
    assert outcomes(sentry)["rate_limited"] == 2


def test_a_message_by_envelope_alone_is_filed_by_its_fingerprint(sentry: Served) -> None:
    """Two sends of one incident are one issue, gzip or not."""
    event = {"event_id": "", "message": "INCIDENT 1", "fingerprint": ["incident", "one"], "level": "fatal"}
    for packed in (False, True):
        body = envelope({**event, "event_id": uuid.uuid4().hex})
        answer = post(
            sentry, gzip.compress(body) if packed else body, **({"Content-Encoding": "gzip"} if packed else {})
        )
        assert (answer.status_code, len(answer.json()["id"])) == (200, 32)
    [issue] = sentry.get(f"{ORG}/issues/").json()
    assert (issue["count"], issue["level"], issue["title"]) == ("2", "fatal", "INCIDENT 1")


@pytest.mark.parametrize(
    ("body", "given", "status"),
    [
        (envelope(), {"key": "0" * 32}, 403),
        (envelope(), {"project": 7}, 403),
        (b"no envelope", {}, 400),
        (b'{}\n{"type":"event","length":99}\n{}', {}, 400),
        (envelope(), {"Content-Encoding": "gzip"}, 400),
        (envelope(), {"Content-Encoding": "zstd"}, 400),
    ],
)
def test_what_does_not_belong_is_refused(sentry: Served, body: bytes, given: dict[str, Any], status: int) -> None:
    """A wrong key, another project, and bodies that are no envelopes."""
    answer = post(sentry, body, **given)
    assert (answer.status_code, bool(answer.json()["detail"])) == (status, True)
    assert sentry.state.store.issues == {}


def test_a_request_without_a_key_is_refused(sentry: Served) -> None:
    """Neither header nor query names one."""
    url = f"{sentry.base_url}/api/{sentry.state.project_id}/envelope/"
    assert httpx.post(url, content=envelope(), timeout=5).status_code == 403


def test_items_with_and_without_a_length_are_told_apart() -> None:
    """A length covers line breaks; without one an item ends with its line."""
    header, items = read_envelope(b'{"a":1}\n{"type":"x","length":3}\na\nb\n{"type":"y"}\n{}\n')
    assert header == {"a": 1}
    assert [(item.type, item.payload) for item in items] == [("x", b"a\nb"), ("y", b"{}")]
    with pytest.raises(BadEnvelope):
        read_envelope(b"[]\n")


def test_events_with_no_usable_form_are_counted_as_invalid(sentry: Served) -> None:
    """An event without an id, and one with an impossible time."""
    post(sentry, envelope({"message": "nameless"}))
    post(sentry, envelope({"event_id": uuid.uuid4().hex, "timestamp": "yesterday"}))
    assert outcomes(sentry) == {"invalid": 2}
