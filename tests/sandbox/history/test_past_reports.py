"""What the past left in Sentry cannot be told from what the site's SDK sends."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from typing import Any

from tests.sandbox.vendors.sentry_served import served

from sandbox.history.past import Past
from sandbox.history.reports import report_past
from sandbox.vendors.sentry_store import SentryStore

SENDING = """
    import os
    from sandbox.frontend.openrouter import ExternalServiceError
    from sandbox.frontend.reporting import Reporting

    reporting = Reporting(os.environ)
    with reporting.request("POST", "/api/conversations") as tell:
        try:
            raise ExternalServiceError("OpenRouter API error: 502")
        except ExternalServiceError as error:
            tags = {"error_type": "EXTERNAL_SERVICE", "error_code": "EXTERNAL_SERVICE_ERROR"}
            reporting.capture(error, tags=tags, details={"path": "/api/conversations"})
        tell(502)
    with reporting.request("GET", "/api/agents") as tell:
        tell(200)
    with reporting.request("GET", "/api/metrics") as tell:
        tell(401)
    reporting.flush()
"""
HOURS = 3


def past() -> Past:
    """Three hours that end now."""
    now_ms = time.time_ns() // 1_000_000
    return Past(since_ms=now_ms - HOURS * 3_600_000, until_ms=now_ms, jobs=(), last_number=0)


def made() -> SentryStore:
    """A store with a past and nothing else."""
    store = SentryStore()
    report_past(store, past(), per_s=3.0)
    return store


def test_the_past_has_the_payloads_of_the_real_sdk() -> None:
    """Same issue, same tags, same parts of an event as the site's own reporting sends."""
    with served() as sentry:
        environ = {"SENTRY_DSN": sentry.state.dsn(sentry.base_url), "PYTHONPATH": "lib", "VERCEL_ENV": "production"}
        subprocess.run([sys.executable, "-c", textwrap.dedent(SENDING)], env=environ, check=True, timeout=20)
        store = sentry.state.store
        [real] = store.issues.values()
        [written] = made().issues.values()
        assert real.newest.title == written.newest.title
        assert real.newest.culprit == written.newest.culprit
        assert set(written.newest.tags) <= set(real.newest.tags)
        assert set(written.newest.payload) <= set(real.newest.payload)
        assert _shape(written.newest.payload["exception"]) <= _shape(real.newest.payload["exception"])
        # Refused visitors are no spans, as with the SDK of the platform.
        assert [(span.name, span.has_failed) for span in store.spans] == [
            ("POST /api/conversations", True),
            ("GET /api/agents", False),
        ]
        assert "release" not in real.newest.tags
        assert "user" not in real.newest.tags


def test_the_past_is_spread_over_its_hours_and_fails_seldom() -> None:
    """Errors over all of it, requests over the last half hour, far less than one in a hundred failed."""
    store = made()
    [issue] = store.issues.values()
    assert 2 <= len(issue.events) <= 40
    assert issue.last_seen.timestamp() - issue.first_seen.timestamp() > 1800
    assert 4000 < len(store.spans) < 7000
    assert sum(span.has_failed for span in store.spans) < len(store.spans) / 200
    assert [span.at for span in store.spans] == sorted(span.at for span in store.spans)


def _shape(value: Any, where: str = "") -> set[str]:
    """Every path of a payload."""
    if isinstance(value, dict):
        return {where}.union(*(_shape(inner, f"{where}.{key}") for key, inner in value.items()))
    if isinstance(value, list):
        return {where}.union(*(_shape(inner, where) for inner in value))
    return {where}
