"""Every probe of the house, against a platform that is not there: evidence with a reason, never an exception."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from diagnostics.budget import Budget
from diagnostics.clients.systems import connect
from diagnostics.model import Probe, Status
from diagnostics.probes import PROBES
from diagnostics.question import ask
from diagnostics.settings import load

DEAD = """name = "dead"
[worker]
base_url = "http://127.0.0.1:9"
[redis]
[railway]
base_url = "http://127.0.0.1:9/graphql"
project_id = "p"
environment_id = "e"
service_id = "s"
[openrouter]
base_url = "http://127.0.0.1:9/api"
[supabase]
base_url = "http://127.0.0.1:9/supabase"
project_ref = "abcdefghijklmnopqrst"
[postgres]
[upstash_api]
base_url = "http://127.0.0.1:9/v2"
[status_pages]
vercel = "http://127.0.0.1:9/vercel"
railway = "http://127.0.0.1:9/railway"
supabase = "http://127.0.0.1:9/supabase"
upstash = "http://127.0.0.1:9/upstash"
sentry = "http://127.0.0.1:9/sentry"
openrouter = "http://127.0.0.1:9/openrouter"
[sentry]
base_url = "http://127.0.0.1:9/sentry"
organization = "acme"
project = "site"
[frontend]
base_url = "http://127.0.0.1:9"
[vercel]
base_url = "http://127.0.0.1:9"
project_id = "prj"
"""
SECRETS = {
    "REDIS_URL": "redis://default:canary-of-redis@127.0.0.1:9",
    "RAILWAY_TOKEN": "canary-of-railway",
    "OPENROUTER_API_KEY": "canary-of-openrouter",
    "SUPABASE_ACCESS_TOKEN": "canary-of-supabase",
    "SUPABASE_URL": "http://127.0.0.1:9",
    "SUPABASE_ANON_KEY": "canary-of-anon",
    "SUPABASE_SERVICE_ROLE_KEY": "canary-of-service",
    "DATABASE_URL": "postgresql://postgres:canary-of-postgres@127.0.0.1:9/postgres",
    "UPSTASH_EMAIL": "canary-of-mail@example.org",
    "UPSTASH_API_KEY": "canary-of-upstash",
    "VERCEL_TOKEN": "canary-of-vercel",
    "SENTRY_AUTH_TOKEN": "canary-of-sentry",
}
OBSERVING = ("frontend.site", "vercel.logs")
"""Looks for which nobody there is an observation: of the site's layers, and of a log that may be out of reach."""


@pytest.mark.parametrize("environ", [{}, SECRETS], ids=["no credentials", "nobody listens"])
@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
async def test_a_probe_that_cannot_look_says_why_and_how_to_regain_sight(
    probe: Probe, environ: dict[str, str], tmp_path: Path
) -> None:
    """Failed or skipped, its own name, a source without secrets, a UTC time, a reason and a remedy."""
    profile = tmp_path / "dead.toml"
    profile.write_text(DEAD, "utf-8")
    own = load(str(profile), environ=environ, root=tmp_path, folders=())
    started = datetime.now(UTC)
    scope = ask("triage", own, now=started, deadline_s=5)
    async with connect(own, scope, Budget()) as systems:
        item = await probe.look(systems)
    assert (item.id, item.probe) == (probe.name, probe.name)
    if item.status is not Status.OBSERVED:
        assert item.status in (Status.FAILED, Status.SKIPPED)
        assert item.reading is None
        assert item.failure is not None and item.failure.why.msgid and item.failure.regain.msgid
    assert item.status is not Status.OBSERVED or probe.name in OBSERVING
    assert item.observed_at.utcoffset() == timedelta(0)
    assert started <= item.observed_at <= datetime.now(UTC)
    assert "canary" not in repr(item)
    if not environ and probe.system not in ("worker", "frontend", "status_pages"):
        assert item.status is Status.SKIPPED


def test_every_probe_is_listed_once() -> None:
    """Names are unique: evidence is found by them."""
    names = [probe.name for probe in PROBES]
    assert len(names) == len(set(names))
