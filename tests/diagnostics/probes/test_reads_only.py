"""What one triage sends, counted by a server that stands for every system at once."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from tests.diagnostics.clients.answering import answering, http

from diagnostics import engine
from diagnostics.question import ask
from diagnostics.redaction import Redactor
from diagnostics.runbooks import TRIAGE
from diagnostics.settings import load

PROFILE = """name = "counted"
[worker]
base_url = "{url}/worker"
[frontend]
base_url = "{url}/site"
[redis]
[railway]
base_url = "{url}/railway/graphql/v2"
project_id = "p"
environment_id = "e"
service_id = "s"
[vercel]
base_url = "{url}/vercel"
project_id = "prj"
[supabase]
base_url = "{url}/supabase"
project_ref = "abcdefghijklmnopqrst"
[sentry]
base_url = "{url}/sentry"
organization = "o"
project = "p"
[openrouter]
base_url = "{url}/openrouter"
[upstash_api]
base_url = "{url}/upstash"
database_id = "d"
[status_pages]
vercel = "{url}/status/vercel"
railway = "{url}/status/railway"
"""
SECRETS = (
    "RAILWAY_TOKEN",
    "VERCEL_TOKEN",
    "SUPABASE_ACCESS_TOKEN",
    "SUPABASE_ANON_KEY",
    "SUPABASE_SERVICE_ROLE_KEY",
    "SENTRY_AUTH_TOKEN",
    "OPENROUTER_API_KEY",
    "UPSTASH_EMAIL",
    "UPSTASH_API_KEY",
    "UPSTASH_REDIS_REST_TOKEN",
)


async def test_a_triage_only_reads_and_asks_railway_once(tmp_path: Path) -> None:
    """GET everywhere; the one POST to Railway is a query, the others are Redis reads; two probes share that query."""
    profile = tmp_path / "counted.toml"
    async with answering(http(404, b"{}")) as server:
        profile.write_text(PROFILE.format(url=server.url), "utf-8")
        secrets = {name: f"canary-of-{name.lower()}-000000" for name in SECRETS}
        addresses = {"UPSTASH_REDIS_REST_URL": f"{server.url}/redis", "SUPABASE_URL": f"{server.url}/data"}
        settings = load(str(profile), environ={**secrets, **addresses}, root=tmp_path, folders=())
        scope = ask("triage", settings, now=datetime.now(UTC), deadline_s=8)
        evidence, _ = await engine.collect(TRIAGE, settings, scope, redactor=Redactor(()))
        sent = [request.split(b" ", 2) for request in server.requests]
    asked = Counter((method.decode(), path.decode().split("?")[0]) for method, path, _ in sent)
    assert asked["POST", "/railway/graphql/v2"] == 1
    posts = {path for method, path in asked if method == "POST"}
    assert posts <= {"/railway/graphql/v2", "/redis/pipeline"}
    assert {method for method, _ in asked} <= {"GET", "HEAD", "POST"}
    systems = {path.split("/")[1] for _, path in asked}
    assert {"worker", "site", "vercel", "supabase", "sentry", "openrouter", "upstash", "status"} <= systems
    assert "canary" not in json.dumps([repr(item) for item in evidence])
