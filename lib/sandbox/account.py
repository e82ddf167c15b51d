"""What a running sandbox tells about itself: `sandbox status --json`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.faults import Fault
from sandbox.world import World

if TYPE_CHECKING:
    import asyncio


@dataclass(slots=True, kw_only=True)
class Active:
    """A fault in force."""

    fault: Fault
    since: datetime
    until: datetime | None = None
    timer: asyncio.Task[None] | None = None


def account(world: World, started_at: datetime, active: Iterable[Active]) -> dict[str, Any]:
    """What runs, what is broken, and who asked Redis for how much."""
    return {
        "name": world.plan.name,
        "pid": os.getpid(),
        "started_at": started_at.isoformat(),
        "faults": [
            {
                "name": each.fault.name,
                "kind": each.fault.kind,
                "since": each.since.isoformat(),
                "until": each.until.isoformat() if each.until else None,
            }
            for each in active
        ],
        "edge": _edge(world),
        "redis": {"server": str(world.redis.binary), "pid": world.redis.pid},
        "postgres": {"dsn": world.postgres.dsn, "pid": world.postgres.pid},
        "producer": {"pid": world.producer.pid},
        "openrouter": {"mode": world.openrouter.mode.value, "calls": dict(world.openrouter.calls)},
        "worker": _worker(world),
        "frontend": _frontend(world),
    }


def _edge(world: World) -> dict[str, Any]:
    clients = {each.client for each in world.gate.credentials} | set(world.gate.commands)
    return {
        "port": world.edge.port,
        "connections": len(world.edge.connections),
        "commands": {client: world.gate.commands[client] for client in sorted(clients)},
        "daily_limit": world.gate.daily_limit,
    }


def _worker(world: World) -> dict[str, Any]:
    current = world.host.current
    return {
        "replicas": [
            {
                "id": replica.instance.id,
                "status": replica.instance.status.value,
                "restarts": replica.instance.restarts,
                "pid": replica.pid,
                "port": replica.port,
            }
            for replica in (current.replicas if current else ())
        ],
        "deployments": [{"id": each.id, "status": each.status.value} for each in world.host.deployments()],
    }


def _frontend(world: World) -> dict[str, Any]:
    site = world.site
    return {
        "port": world.site_edge.port,
        "alias": site.alias,
        "pid": site.function(site.serving).pid if site.serving else None,
        "deployments": [{"id": each.id, "state": each.state.value} for each in site.deployments()],
        "requests": len(site.requests.rows),
    }
