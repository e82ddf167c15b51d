"""Sentry's ingest: envelopes as SDKs send them, checked by the key of their DSN."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.vendors.sentry_events import event_of, span_of
from sandbox.vendors.sentry_state import SentryState

MAX_ENVELOPE_BYTES = 200 * 1024 * 1024
MAX_EVENT_BYTES = 1024 * 1024
QUOTA_S = 60
_KEY = re.compile(r"sentry_key=([0-9a-f]{32})")
_CATEGORIES = {"event": "error", "transaction": "transaction"}


class BadEnvelope(ValueError):
    """The body is not an envelope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of an envelope."""

    type: str
    payload: bytes


async def receive(request: Request, state: SentryState) -> Response:
    """Take an envelope in, or refuse it as Sentry's relay does."""
    if refusal := _refusal(request, state):
        return refusal
    body = await request.body()
    if len(body) > MAX_ENVELOPE_BYTES:
        return _rejected(413, "envelope exceeded size limits")
    try:
        header, items = read_envelope(_unpacked(body, request.headers.get("content-encoding", "")))
        limited = [item for item in items if not _take(item, state)]
    except (BadEnvelope, EOFError, OSError, zlib.error):
        return _rejected(400, "invalid event envelope")
    headers = {}
    if limited:
        headers = {"X-Sentry-Rate-Limits": f"{QUOTA_S}:error:organization:error_usage_exceeded"}
        if len(limited) == len(items):
            headers["Retry-After"] = str(QUOTA_S)
            detail = {"detail": "Sentry dropped data due to a quota or internal rate limit being reached."}
            return JSONResponse(detail, status_code=429, headers=headers)
    return JSONResponse({"id": header["event_id"]} if "event_id" in header else {}, headers=headers)


def read_envelope(body: bytes) -> tuple[dict[str, Any], list[Item]]:
    """Header and items. Raises BadEnvelope."""
    head, _, rest = body.partition(b"\n")
    header = _object(head)
    return header, list(_items(rest))


def _items(rest: bytes) -> Iterator[Item]:
    while rest.strip(b"\n"):
        head, _, rest = rest.lstrip(b"\n").partition(b"\n")
        described = _object(head)
        length = described.get("length")
        if length is None:
            payload, _, rest = rest.partition(b"\n")
        elif not isinstance(length, int) or length > len(rest):
            raise BadEnvelope
        else:
            payload, rest = rest[:length], rest[length:]
        yield Item(type=str(described.get("type", "")), payload=payload)


def _take(item: Item, state: SentryState) -> bool:
    """File one item; false when the quota has no room for it."""
    store, now = state.store, datetime.now(UTC)
    if item.type == "client_report":
        for each in _object(item.payload).get("discarded_events", ()):
            store.account(str(each.get("category")), "client_discard", quantity=int(each.get("quantity", 1)))
        return True
    category = _CATEGORIES.get(item.type)
    if category is None:
        return True
    if category == "error" and state.is_quota_spent:
        store.account(category, "rate_limited")
        return False
    if len(item.payload) > MAX_EVENT_BYTES:
        store.account(category, "invalid")
        return True
    try:
        payload = _object(item.payload)
        if category == "error":
            store.take(event_of(payload, received_at=now))
        else:
            store.trace(span_of(payload, received_at=now))
    except (KeyError, ValueError):
        store.account(category, "invalid")
        return True
    store.account(category, "accepted")
    return True


def _refusal(request: Request, state: SentryState) -> Response | None:
    given = request.headers.get("x-sentry-auth", "") or str(request.url.query)
    key = _KEY.search(given)
    if key is None:
        return _rejected(403, "missing authorization information")
    if key[1] != state.public_key or request.path_params["project"] != str(state.project_id):
        return _rejected(403, "event submission rejected with_reason: ProjectId")
    if not state.is_key_active:
        state.store.account("error", "invalid")
        return _rejected(403, "event submission rejected with_reason: ProjectId")
    return None


def _rejected(status: int, detail: str) -> Response:
    return JSONResponse({"detail": detail, "causes": []}, status_code=status)


def _unpacked(body: bytes, encoding: str) -> bytes:
    match encoding:
        case "gzip":
            return gzip.decompress(body)
        case "deflate":
            return zlib.decompress(body)
        case "br":
            # The SDK compresses so where this module exists, and only there.
            return bytes(import_module("brotli").decompress(body))
        case "":
            return body
        case _:
            raise BadEnvelope


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        raise BadEnvelope from None
    if not isinstance(found, dict):
        raise BadEnvelope
    return found
