"""Who is told what: tokens, the worker's variables, the producer's, and the user's settings."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sandbox.edge import Credential
from sandbox.plan import USUAL_CONCURRENCY, Plan
from sandbox.redis_server import BackendUsers
from sandbox.resolver import Resolver
from sandbox.vendors.status_pages import VENDORS
from sandbox.vendors.upstash_developer import DATABASE_ID
from sandbox.world import World

CLIENTS = ("operator", "worker", "producer", "frontend")


def new_token() -> str:
    """A token that looks like Upstash's."""
    return f"A{secrets.token_urlsafe(36)}"


def redis_credentials(users: BackendUsers) -> list[Credential]:
    """A token for each client; the read-only one belongs to another user of the server."""
    own = [
        Credential(client=client, username="default", token=new_token(), backend_password=users.default)
        for client in CLIENTS
    ]
    readonly = Credential(client="readonly", username="default_ro", token=new_token(), backend_password=users.readonly)
    return [*own, readonly]


def worker_variables(world: World, planes_port: int) -> dict[str, str]:
    """The worker's variables, as Railway shows them. The host maps PORT to one of its own, as Railway does."""
    token = world.gate.of("worker").token
    return {
        "UPSTASH_REDIS_REST_URL": rest_url(world),
        "UPSTASH_REDIS_REST_TOKEN": token,
        "REDIS_URL": redis_url("default", token, world),
        "SUPABASE_URL": f"http://127.0.0.1:{planes_port}/supabase",
        "SUPABASE_SERVICE_ROLE_KEY": world.project.service_role_key,
        "ENCRYPTION_KEY": secrets.token_hex(32),
        "OPENROUTER_API_KEY": world.openrouter.api_key,
        "OPENROUTER_BASE_URL": f"http://127.0.0.1:{planes_port}/openrouter/api/v1",
        "KOMMO_BASE_URL": f"http://127.0.0.1:{planes_port}/kommo",
        "JOB_QUEUE_NAME": world.queue_name,
        "JOB_CONCURRENCY": str(USUAL_CONCURRENCY),
        "PORT": "3001",
        "NODE_ENV": "production",
    }


def frontend_variables(world: World, planes_port: int) -> dict[str, str]:
    """The frontend's variables, as Vercel lists them: Upstash over REST, no REDIS_URL."""
    worker, project = world.host.variables(), world.project
    return {
        "SUPABASE_URL": worker["SUPABASE_URL"],
        "SUPABASE_ANON_KEY": project.anon_key,
        "SUPABASE_SERVICE_ROLE_KEY": project.service_role_key,
        "NEXT_PUBLIC_SUPABASE_URL": worker["SUPABASE_URL"],
        "NEXT_PUBLIC_SUPABASE_ANON_KEY": project.anon_key,
        "NEXTAUTH_URL": f"https://{world.site.domain}",
        "NEXTAUTH_SECRET": secrets.token_urlsafe(32),
        "UPSTASH_REDIS_REST_URL": rest_url(world),
        "UPSTASH_REDIS_REST_TOKEN": world.gate.of("frontend").token,
        "ENCRYPTION_KEY": worker["ENCRYPTION_KEY"],
        "OPENROUTER_API_KEY": world.openrouter.api_key,
        "OPENROUTER_BASE_URL": f"http://127.0.0.1:{planes_port}/openrouter/api/v1",
        "SENTRY_DSN": world.sentry.dsn(f"http://127.0.0.1:{planes_port}/sentry"),
    }


def frontend_injected(scratch: Path) -> dict[str, str]:
    """What the runtime adds to every function: how to find Python, and whom to trust."""
    return {**_python(), "NODE_EXTRA_CA_CERTS": str(scratch / "ca.pem")}


def injected_variables(plan: Plan, scratch: Path, resolver: Resolver) -> dict[str, str]:
    """What the host adds to every process: how to find Python and names, whom to trust, how long jobs take."""
    return {
        **_python(),
        "NODE_EXTRA_CA_CERTS": str(scratch / "ca.pem"),
        "NAME_SERVER": f"127.0.0.1:{resolver.port}",
        "SIMULATED_JOB_SECONDS": str(plan.job_seconds),
    }


def producer_environment(world: World, scratch: Path, log: Path) -> dict[str, str]:
    """The producer's variables."""
    return {
        **_python(),
        "REDIS_URL": redis_url("default", world.gate.of("producer").token, world),
        "NODE_EXTRA_CA_CERTS": str(scratch / "ca.pem"),
        "JOB_QUEUE_NAME": world.queue_name,
        "ARRIVAL_PER_S": str(world.plan.pace_per_s),
        "PRODUCER_LOG": str(log),
    }


def user_settings(world: World, *, railway_token: str, scratch: Path, ports: tuple[int, int]) -> dict[str, str]:
    """What the user needs, in the environment form of the profile's keys. Ports: balancer, planes."""
    balancer, planes = ports
    return {
        "RUNBOOK_WORKER__BASE_URL": f"http://127.0.0.1:{balancer}",
        "RUNBOOK_FRONTEND__BASE_URL": f"http://127.0.0.1:{world.site_edge.port}",
        "RUNBOOK_RAILWAY__BASE_URL": f"http://127.0.0.1:{planes}/railway/graphql/v2",
        "RUNBOOK_RAILWAY__PROJECT_ID": world.host.project_id,
        "RUNBOOK_RAILWAY__ENVIRONMENT_ID": world.host.environment_id,
        "RUNBOOK_RAILWAY__SERVICE_ID": world.host.service_id,
        "RUNBOOK_OPENROUTER__BASE_URL": f"http://127.0.0.1:{planes}/openrouter/api/v1",
        "RUNBOOK_REDIS__CA_FILE": str(scratch / "ca.pem"),
        "REDIS_URL": redis_url("default", world.gate.of("operator").token, world),
        "UPSTASH_REDIS_REST_URL": rest_url(world),
        "UPSTASH_REDIS_REST_TOKEN": world.gate.of("operator").token,
        "RUNBOOK_SANDBOX_READONLY_REDIS_URL": redis_url("default_ro", world.gate.of("readonly").token, world),
        "RUNBOOK_SANDBOX_READONLY_REST_TOKEN": world.gate.of("readonly").token,
        "RUNBOOK_SUPABASE__BASE_URL": f"http://127.0.0.1:{planes}/supabase-management",
        "RUNBOOK_SUPABASE__PROJECT_REF": world.project.ref,
        "SUPABASE_URL": f"http://127.0.0.1:{planes}/supabase",
        "SUPABASE_ANON_KEY": world.project.anon_key,
        "SUPABASE_SERVICE_ROLE_KEY": world.project.service_role_key,
        "SUPABASE_ACCESS_TOKEN": world.project.access_token,
        "DATABASE_URL": world.postgres.operator_url,
        "RAILWAY_TOKEN": railway_token,
        "OPENROUTER_API_KEY": world.openrouter.api_key,
        **{f"RUNBOOK_STATUS_PAGES__{v.upper()}": f"http://127.0.0.1:{planes}/status/{v}" for v in VENDORS},
        "RUNBOOK_UPSTASH_API__BASE_URL": f"http://127.0.0.1:{planes}/upstash/v2",
        "RUNBOOK_UPSTASH_API__DATABASE_ID": DATABASE_ID,
        "UPSTASH_EMAIL": world.upstash.email,
        "UPSTASH_API_KEY": world.upstash.api_key,
        **vercel_settings(world, planes),
        **sentry_settings(world, planes),
    }


def vercel_settings(world: World, planes_port: int) -> dict[str, str]:
    """Address, project, team and token of the sandbox's Vercel."""
    return {
        "RUNBOOK_VERCEL__BASE_URL": f"http://127.0.0.1:{planes_port}/vercel",
        "RUNBOOK_VERCEL__PROJECT_ID": world.site.project_id,
        "RUNBOOK_VERCEL__TEAM_ID": world.site.team_id,
        "VERCEL_TOKEN": world.site.token,
    }


def sentry_settings(world: World, planes_port: int) -> dict[str, str]:
    """Address, project, token and DSN of the sandbox's Sentry."""
    base_url = f"http://127.0.0.1:{planes_port}/sentry"
    return {
        "RUNBOOK_SENTRY__BASE_URL": base_url,
        "RUNBOOK_SENTRY__ORGANIZATION": world.sentry.organization,
        "RUNBOOK_SENTRY__PROJECT": world.sentry.project,
        "SENTRY_AUTH_TOKEN": world.sentry.token,
        "SENTRY_DSN": world.sentry.dsn(base_url),
    }


def redis_url(username: str, token: str, world: World) -> str:
    """Through the edge, encrypted."""
    return f"rediss://{username}:{token}@localhost:{world.edge.port}"


def rest_url(world: World) -> str:
    """The same edge over HTTP."""
    return f"https://localhost:{world.edge.port}"


def _python() -> dict[str, str]:
    """What a child needs to find the same modules."""
    names = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in names if name in os.environ}
