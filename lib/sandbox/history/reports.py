"""The past in Sentry: the requests of the site as traced, and the errors it would have reported."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

from sandbox.history.past import REFUSALS, Past
from sandbox.site.traffic import NEED_LOGIN, VISITS
from sandbox.vendors.sentry_events import event_of, span_of
from sandbox.vendors.sentry_store import SentryStore

CONVERSATION = ("POST", "/api/conversations")
USUAL_S = {True: 0.03, False: 0.012}
"""How long a request takes (s): with a session or without."""
TRACED_S = 1800.0
ERROR = "OpenRouter API error: 502"
FRAME = {
    "filename": "sandbox/frontend/openrouter.py",
    "abs_path": "/var/task/sandbox/frontend/openrouter.py",
    "module": "sandbox.frontend.openrouter",
    "function": "chat",
    "lineno": 56,
    "in_app": True,
}


def report_past(store: SentryStore, past: Past, *, per_s: float) -> None:
    """File what the SDK of the site would have sent: the same payloads, the same way in.

    Errors of the whole past, requests of its last half hour: of older ones nobody asks, and they are many.
    """
    chance = random.Random(1)  # noqa: S311  (a made-up past)
    for at, method, path, duration_s, has_failed in _requests(past, per_s, chance):
        when = datetime.fromtimestamp(at, UTC)
        if at >= past.until_ms / 1000 - TRACED_S:
            store.trace(span_of(_transaction(at, method, path, duration_s, has_failed), received_at=when))
            store.account("transaction", "accepted", at=when)
        if has_failed:
            store.take(event_of(_error(at, method, path), received_at=when))
            store.account("error", "accepted", at=when)


def _requests(past: Past, per_s: float, chance: random.Random) -> Iterator[tuple[float, str, str, float, bool]]:
    """Instant of the end (epoch s), method, path, length (s) and whether OpenRouter refused, in order of time."""
    at, until = past.since_ms / 1000, past.until_ms / 1000
    visits, weights = list(VISITS), list(accumulate(VISITS.values()))
    while per_s > 0 and (at := at + chance.uniform(0.5, 1.5) / per_s) < until:
        method, path = chance.choices(visits, cum_weights=weights)[0]
        length_s = USUAL_S[path in NEED_LOGIN] * chance.lognormvariate(0, 0.4)
        yield at, method, path, length_s, (method, path) == CONVERSATION and chance.random() < REFUSALS


def _transaction(at: float, method: str, path: str, duration_s: float, has_failed: bool) -> dict[str, Any]:
    return {
        "type": "transaction",
        "event_id": uuid.uuid4().hex,
        "platform": "python",
        "environment": "production",
        "transaction": f"{method} {path}",
        "start_timestamp": at - duration_s,
        "timestamp": at,
        "contexts": {"trace": {"op": "http.server", "status": "internal_error" if has_failed else "ok"}},
    }


def _error(at: float, method: str, path: str) -> dict[str, Any]:
    error = {
        "module": "sandbox.frontend.openrouter",
        "type": "ExternalServiceError",
        "value": ERROR,
        "mechanism": {"type": "generic", "handled": True},
        "stacktrace": {"frames": [FRAME]},
    }
    return {
        "event_id": uuid.uuid4().hex,
        "platform": "python",
        "environment": "production",
        "level": "error",
        "timestamp": at,
        "transaction": f"{method} {path}",
        "tags": {"error_type": "EXTERNAL_SERVICE", "error_code": "EXTERNAL_SERVICE_ERROR"},
        "extra": {"details": {"path": path}},
        "exception": {"values": [error]},
        "sdk": {"name": "sentry.python", "version": "2.75.0"},
    }
