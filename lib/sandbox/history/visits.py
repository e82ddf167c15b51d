"""The past in the site's request log: the rows that visitors would have left, as far back as the log reaches."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime

from sandbox.history.past import Past
from sandbox.site import Site
from sandbox.site.deployment import Deployment
from sandbox.site.edge import request_id
from sandbox.site.requests import KEPT, Row
from sandbox.site.traffic import VISITS

PAGES = ("/", "/login", "/dashboard")
ROWS_PER_VISIT = 1.4
"""Every page is followed by the file it loads."""


def past_visits(site: Site, past: Past, per_s: float) -> list[Row]:
    """Rows in order of time, all of the deployment that serves. `per_s`: requests a second."""
    serving = site.serving
    if serving is None or per_s <= 0:
        return []
    chance = random.Random(1)  # noqa: S311  (a made-up past)
    script = next(path for path in serving.assets() if path.endswith(".js"))
    since_ms = max(past.since_ms, past.until_ms - 1000 * KEPT / (per_s * ROWS_PER_VISIT))
    return [
        row
        for at_ms in _arrivals(since_ms, past.until_ms, per_s, chance)
        for row in _visit(site, serving, at_ms, chance, script)
    ]


def _arrivals(since_ms: float, until_ms: int, per_s: float, chance: random.Random) -> Iterator[float]:
    """Instants spaced as the visitors space them."""
    at_ms = since_ms
    while (at_ms := at_ms + 1000 * chance.uniform(0.5, 1.5) / per_s) < until_ms:
        yield at_ms


def _visit(site: Site, serving: Deployment, at_ms: float, chance: random.Random, script: str) -> Iterator[Row]:
    method, path = chance.choices(list(VISITS), list(VISITS.values()))[0]
    yield _row(site, serving, at_ms, f"{method} {path}", status=201 if method == "POST" else 200)
    if path in PAGES:
        yield _row(site, serving, at_ms + chance.uniform(15, 40), f"GET {script}", status=200, source="static")


def _row(site: Site, serving: Deployment, at_ms: float, line: str, *, status: int, source: str = "serverless") -> Row:
    method, _, path = line.partition(" ")
    return Row(
        id=request_id(round(at_ms), secrets.token_hex(3)),
        at=datetime.fromtimestamp(at_ms / 1000, UTC),
        deployment_id=serving.id,
        method=method,
        path=path,
        domain=site.domain,
        status=status,
        source=source,
    )
