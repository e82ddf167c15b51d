"""The platform, put together in order; leaving it takes it apart in the opposite one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from starlette.types import ASGIApp

from sandbox.certificates import write_certificates
from sandbox.data import Project, gateway_app
from sandbox.edge import Edge, Gate
from sandbox.history import begin_past, deployed_at, finish_past
from sandbox.host import Balancer, Host
from sandbox.plan import Plan
from sandbox.planes import Planes, Severable
from sandbox.postgres import Postgres
from sandbox.producer.boss import Boss
from sandbox.redis_server import PLAN_MEMORY_BYTES, BackendUsers, RedisServer, find_server
from sandbox.resolver import Resolver
from sandbox.site import LONG_BEFORE, Site, SiteEdge, Traffic, begin_site
from sandbox.vendors.kommo import KommoState, kommo_app
from sandbox.vendors.openrouter import OpenRouterState, openrouter_app
from sandbox.vendors.railway import railway_app
from sandbox.vendors.sentry import sentry_app
from sandbox.vendors.sentry_state import SentryState
from sandbox.vendors.status_pages import StatusPages, status_pages_app
from sandbox.vendors.supabase import supabase_app
from sandbox.vendors.upstash_developer import UpstashAccount, upstash_developer_app
from sandbox.vendors.vercel import vercel_app
from sandbox.wiring import (
    frontend_injected,
    frontend_variables,
    injected_variables,
    producer_environment,
    redis_credentials,
    user_settings,
    worker_variables,
)
from sandbox.worker.releases import release_named
from sandbox.world import World

SHORTEST_DRAIN_S, LONGEST_DRAIN_S = 3.0, 20.0
"""How long a replica may take to finish its jobs before it is killed."""


class Assembly:
    """Starts every part; whatever was started is ended by `parts`."""

    def __init__(
        self, plan: Plan, *, scratch: Path, parts: contextlib.AsyncExitStack, log: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._scratch = scratch
        self._parts = parts
        self._log = log
        self._users = BackendUsers(default=secrets.token_urlsafe(24), readonly=secrets.token_urlsafe(24))
        self._railway_token = secrets.token_hex(18)

    async def build(self, produced: Path) -> tuple[World, dict[str, str]]:
        """The running world and its user's settings. `produced`: where the producer writes down its jobs."""
        postgres = Postgres(folder=self._scratch, log=self._log)
        self._parts.push_async_callback(postgres.stop)
        creating = asyncio.create_task(postgres.create())
        self._parts.push_async_callback(_abandoned, creating)
        project = Project(postgres)
        redis = await self._start_redis()
        edge = await self._open_edge(redis)
        resolver = await self._open_resolver()
        host = self._make_host(resolver)
        site = Site(injected=frontend_injected(self._scratch))
        site_edge = await self._open_site(site)
        openrouter = OpenRouterState(api_key=f"sk-or-v1-{secrets.token_hex(32)}")
        severable, kommo, sentry = Severable(openrouter_app(openrouter)), KommoState(), SentryState()
        pages, upstash = StatusPages(), self._account(edge, redis)
        planes = await self._open_planes(
            {
                "railway": railway_app(host, self._railway_token),
                "openrouter": severable,
                "kommo": kommo_app(kommo),
                "status": status_pages_app(pages),
                "upstash": upstash_developer_app(upstash),
                "sentry": sentry_app(sentry),
                "supabase": gateway_app(project),
                "supabase-management": supabase_app(project),
                "vercel": vercel_app(site, site.token),
            }
        )
        balancer = Balancer(host)
        await balancer.open()
        self._parts.callback(balancer.close)
        world = World(
            plan=self._plan,
            redis=redis,
            postgres=postgres,
            project=project,
            gate=edge.gate,
            edge=edge,
            host=host,
            producer=Boss(self._log),
            openrouter=openrouter,
            kommo=kommo,
            status_pages=pages,
            upstash=upstash,
            sentry=sentry,
            site=site,
            site_edge=site_edge,
            traffic=Traffic(site_edge.port, self._plan.visits_per_s),
            resolver=resolver,
            parts=self._parts,
            sever_openrouter=severable.sever,
        )
        await host.set_variables(worker_variables(world, planes.port), deploy=False)
        site.variables.set(frontend_variables(world, planes.port), at=datetime.now(UTC) - LONG_BEFORE)
        await self._set_to_work(world, creating, produced)
        ports = (balancer.port, planes.port)
        world.settings = user_settings(world, railway_token=self._railway_token, scratch=self._scratch, ports=ports)
        return world, world.settings

    async def _start_redis(self) -> RedisServer:
        redis = RedisServer(binary=find_server(os.environ), folder=self._scratch, users=self._users, log=self._log)
        self._parts.push_async_callback(redis.stop, keep_data=False)
        await redis.start()
        return redis

    async def _open_edge(self, redis: RedisServer) -> Edge:
        gate = Gate(credentials=redis_credentials(self._users))
        edge = Edge(gate=gate, tls=write_certificates(self._scratch), backend_path=redis.socket_path)
        self._parts.callback(edge.close)
        await edge.open()
        return edge

    async def _open_resolver(self) -> Resolver:
        resolver = Resolver()
        self._parts.callback(resolver.close)
        await resolver.open()
        return resolver

    def _account(self, edge: Edge, redis: RedisServer) -> UpstashAccount:
        return UpstashAccount(
            email="sandbox@example.org",
            api_key=secrets.token_hex(18),
            gate=edge.gate,
            memory=redis.used_bytes,
            memory_limit=PLAN_MEMORY_BYTES,
        )

    async def _open_planes(self, apps: dict[str, ASGIApp]) -> Planes:
        planes = Planes(apps)
        self._parts.push_async_callback(planes.close)
        await planes.open()
        return planes

    async def _open_site(self, site: Site) -> SiteEdge:
        self._parts.push_async_callback(site.close)
        edge = SiteEdge(site, limit_s=self._plan.function_s)
        await edge.open()
        self._parts.callback(edge.close)
        return edge

    def _make_host(self, resolver: Resolver) -> Host:
        return Host(
            variables={},
            injected=injected_variables(self._plan, self._scratch, resolver),
            release=release_named(self._plan.release),
            replicas=self._plan.replicas,
            drain_s=max(SHORTEST_DRAIN_S, min(LONGEST_DRAIN_S, 4 * self._plan.job_seconds)),
        )

    async def _set_to_work(self, world: World, creating: asyncio.Task[None], produced: Path) -> None:
        """Write the past, if there is one, then start the worker and the producer."""
        past = await begin_past(world) if self._plan.history_s else None
        await creating
        self._parts.push_async_callback(world.project.close)
        await world.project.open()
        host, producer = world.host, world.producer
        self._parts.push_async_callback(host.close)
        self._parts.push_async_callback(producer.stop)
        deployment = host.deploy(host.release, at=None if past is None else deployed_at(past))
        begin_site(world.site, at=None if past is None else deployed_at(past))
        await producer.start(producer_environment(world, self._scratch, produced))
        await host.settle()
        await world.site.settle()
        flowing = asyncio.create_task(world.traffic.flow())
        self._parts.callback(flowing.cancel)
        if past is not None:
            finish_past(world, deployment, past)
        watching = asyncio.create_task(host.watch_memory())
        self._parts.callback(watching.cancel)


async def _abandoned(task: asyncio.Task[None]) -> None:
    """Cancel `task` and see its end: what it started ends with it."""
    task.cancel()
    await asyncio.wait({task})
