"""One process that is the platform: starts every part, takes orders, and ends all of it when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from redis.exceptions import RedisError

from sandbox.certificates import write_certificates
from sandbox.child import ChildFailed
from sandbox.control import Refused, listen
from sandbox.edge import Edge, Gate
from sandbox.history import Past, make_past, past_lines, write_rows
from sandbox.host import Balancer, Host
from sandbox.operations import Operations
from sandbox.plan import Plan
from sandbox.planes import Planes, Severable
from sandbox.postgres import Postgres
from sandbox.producer.boss import Boss
from sandbox.redis_server import BackendUsers, RedisServer, find_server
from sandbox.service import Deployment, DeploymentStatus
from sandbox.state import Files, env_lines, make_scratch, write_private
from sandbox.vendors.openrouter import OpenRouterState, openrouter_app
from sandbox.vendors.railway import railway_app
from sandbox.wiring import (
    injected_variables,
    producer_environment,
    redis_credentials,
    user_settings,
    worker_variables,
)
from sandbox.worker.releases import PREVIOUS, release_named
from sandbox.world import NeverSettled, World

READY_WITHIN_S = 60.0
STABLE_FOR = timedelta(hours=2)
"""A sandbox with a past was last deployed this long before its past begins."""


class Supervisor:
    """Builds the world in order, and takes it down in the opposite one."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.files = Files(folder=plan.folder)
        self._scratch = make_scratch()
        self._janitor = _start_janitor(self._scratch)
        self._closing = contextlib.AsyncExitStack()
        self._log_file = self.files.log.open("a", encoding="utf-8", buffering=1)
        self._down = asyncio.Event()
        self._railway_token = secrets.token_hex(18)
        self.settings: dict[str, str] = {}

    async def start(self, faults: Sequence[str]) -> None:
        """Start everything, wait until it works, apply the faults and wait until they show."""
        world = await self._build()
        self._operations = Operations(world, self._down, self.log)
        await self._closing.enter_async_context(self._operations)
        control = await listen(self._scratch / "control", self._operations.obey)
        self._closing.callback(control.close)
        await world.eventually("a healthy worker", world.is_healthy, READY_WITHIN_S)
        for name in faults:
            await self._operations.apply(name)
        self._publish()

    async def run(self) -> None:
        """Stay until told to go."""
        await self._down.wait()

    def go(self) -> None:
        """End `run`."""
        self._down.set()

    async def close(self) -> None:
        """End every process and remove every file outside `.sandbox/`."""
        try:
            await self._closing.aclose()
        finally:
            self.files.forget()
            shutil.rmtree(self._scratch, ignore_errors=True)
            assert self._janitor.stdin is not None
            self._janitor.stdin.close()
            self._janitor.wait()
            self._log_file.close()

    def log(self, text: str) -> None:
        """One line for `supervisor.log`."""
        self._log_file.write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {text}\n")

    async def _build(self) -> World:
        users = BackendUsers(default=secrets.token_urlsafe(24), readonly=secrets.token_urlsafe(24))
        redis = RedisServer(binary=find_server(os.environ), folder=self._scratch, users=users, log=self.log)
        postgres = Postgres(folder=self._scratch, log=self.log)
        self._closing.push_async_callback(postgres.stop)
        self._closing.push_async_callback(redis.stop, keep_data=False)
        creating = asyncio.create_task(postgres.create())
        await redis.start()
        gate = Gate(credentials=redis_credentials(users))
        edge = Edge(gate=gate, tls=write_certificates(self._scratch), backend_path=redis.socket_path)
        await edge.open()
        self._closing.callback(edge.close)
        openrouter = OpenRouterState(api_key=f"sk-or-v1-{secrets.token_hex(32)}")
        severable = Severable(openrouter_app(openrouter))
        host = Host(
            variables={},
            injected=injected_variables(self.plan, self._scratch),
            release=release_named(self.plan.release),
            replicas=self.plan.replicas,
            drain_s=max(3.0, min(20.0, 4 * self.plan.job_seconds)),
        )
        planes = Planes({"railway": railway_app(host, self._railway_token), "openrouter": severable})
        await planes.open()
        self._closing.push_async_callback(planes.close)
        balancer = Balancer(host)
        await balancer.open()
        self._closing.callback(balancer.close)
        producer = Boss(self.log)
        world = World(
            plan=self.plan,
            redis=redis,
            postgres=postgres,
            gate=gate,
            edge=edge,
            host=host,
            producer=producer,
            openrouter=openrouter,
            sever_openrouter=severable.sever,
        )
        await host.set_variables(worker_variables(world, planes.port), deploy=False)
        past = await self._write_past(world) if self.plan.history_s else None
        await creating
        self._closing.push_async_callback(host.close)
        self._closing.push_async_callback(producer.stop)
        deployment = host.deploy(host.release, at=None if past is None else _before(past, STABLE_FOR))
        await producer.start(producer_environment(world, self._scratch, self.files.produced.resolve()))
        await host.settle()
        if past is not None:
            _date_back(host, deployment, past)
        watching = asyncio.create_task(host.watch_memory())
        self._closing.callback(watching.cancel)
        self.settings = user_settings(
            world, railway_token=self._railway_token, scratch=self._scratch, ports=(balancer.port, planes.port)
        )
        return world

    async def _write_past(self, world: World) -> Past:
        now_ms = time.time_ns() // 1_000_000
        past = make_past(self.plan, now_ms, random.Random(0))  # noqa: S311  (a made-up past)
        letters = world.host.release.dead_letter_queue
        await write_rows(world.redis.client, past, world.queue_name, letters)
        return past

    def _publish(self) -> None:
        address = {
            "pid": str(os.getpid()),
            "control": str(self._scratch / "control"),
            "scratch": str(self._scratch),
            "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        write_private(self.files.address, json.dumps(address) + "\n")
        write_private(self.files.environment, env_lines(self.settings))


Announce = Callable[[Mapping[str, Any]], object]
"""Told once: `{"settings": {…}}`, `{"refused": "…"}` or `{"failed": "…"}`."""


async def supervise(plan: Plan, faults: Sequence[str], announce: Announce) -> int:
    """Be the supervisor until a signal or an order ends it. Returns the exit status."""
    files = Files(folder=plan.folder)
    with files.locked() as is_ours:
        if not is_ours:
            announce({"refused": f"sandbox '{plan.name}' is already running"})
            return 3
        supervisor = Supervisor(plan)
        starting = asyncio.ensure_future(supervisor.start(faults))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, supervisor.go)
        leaving = asyncio.ensure_future(supervisor.run())
        try:
            await asyncio.wait({starting, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                announce({"settings": supervisor.settings})
                await leaving
        except (Refused, ChildFailed, NeverSettled, OSError, RedisError) as error:
            announce({"refused" if isinstance(error, Refused) else "failed": str(error)})
            return 3
        finally:
            starting.cancel()
            await asyncio.wait({starting})
            await supervisor.close()
    return 0


def _before(past: Past, span: timedelta) -> datetime:
    return datetime.fromtimestamp(past.since_ms / 1000, UTC) - span


def _date_back(host: Host, deployment: Deployment, past: Past) -> None:
    """Let the deployment have been there all the time, and another one before it."""
    host.backdate(deployment.id, deployment.created_at)
    instances = [each.id for each in deployment.instances]
    host.logbook.write_before(past_lines(past, deployment_id=deployment.id, instance_ids=instances))
    older = _before(past, STABLE_FOR + timedelta(hours=26))
    host.remember(
        [
            Deployment(
                id=str(uuid4()),
                status=DeploymentStatus.REMOVED,
                created_at=older,
                status_updated_at=deployment.created_at,
                commit=PREVIOUS.commit,
            )
        ]
    )


def _start_janitor(scratch: Path) -> subprocess.Popen[bytes]:
    """The process that outlives us to remove the scratch directory; it has a session of its own."""
    script = Path(__file__).with_name("janitor.py")
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(script), str(scratch)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
