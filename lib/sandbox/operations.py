"""The orders a running sandbox obeys: faults on and off, status, the end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

from redis.exceptions import RedisError

from sandbox.child import ChildFailed
from sandbox.control import Refused
from sandbox.faults import Fault, fault_named
from sandbox.world import NeverSettled, World

HEALTHY_WITHIN_S = 60.0


@dataclass(slots=True, kw_only=True)
class Active:
    """A fault in force."""

    fault: Fault
    since: datetime
    until: datetime | None = None
    timer: asyncio.Task[None] | None = None


class Operations:
    """One order at a time; looking is always possible."""

    def __init__(self, world: World, down: asyncio.Event, log: Callable[[str], None]) -> None:
        self._world = world
        self._down = down
        self._log = log
        self._active: dict[str, Active] = {}
        self._turn = asyncio.Lock()
        self._started_at = datetime.now(UTC)

    async def __aenter__(self) -> Operations:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for active in self._active.values():
            if active.timer is not None:
                active.timer.cancel()

    async def obey(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out one order.

        Raises:
            Refused: with one line for the person who gave it.
        """
        match order["order"]:
            case "status":
                return self.status()
            case "down":
                self._down.set()
                return {}
            case "fault":
                await self.apply(order["name"], order.get("for_s"))
                return self.status()
            case "heal":
                await self.heal(order.get("name"))
                return self.status()
        raise Refused(f"unknown order {order['order']}")

    async def apply(self, name: str, for_s: float | None = None) -> None:
        """Apply a fault and wait until it shows; heal it again after `for_s` seconds."""
        fault = fault_named(name)
        async with self._turn:
            if name in self._active:
                raise Refused(f"'{name}' is in force already; `sandbox heal {name}` ends it")
            self._active[name] = Active(fault=fault, since=datetime.now(UTC))
            self._world.mark(name)
            try:
                await fault.apply(self._world)
                await self._world.eventually(
                    f"'{name}' taking hold", lambda: fault.settled(self._world), fault.within_s
                )
            except (ChildFailed, NeverSettled, RedisError, OSError) as error:
                raise Refused(f"'{name}': {error}") from error
        if for_s is not None:
            active = self._active[name]
            active.until = datetime.now(UTC) + timedelta(seconds=for_s)
            active.timer = asyncio.create_task(self._heal_later(name, for_s))

    async def heal(self, name: str | None = None) -> None:
        """End one fault, or all, the newest first, and wait until the platform is well."""
        if name is not None:
            fault_named(name)
            if name not in self._active:
                raise Refused(f"'{name}' is not in force")
        async with self._turn:
            for each in [name] if name else list(reversed(self._active)):
                active = self._active.pop(each)
                if active.timer is not None and active.timer is not asyncio.current_task():
                    active.timer.cancel()
                try:
                    await active.fault.heal(self._world)
                except (ChildFailed, NeverSettled, RedisError, OSError) as error:
                    raise Refused(f"healing '{each}': {error}") from error
            if not self._active:
                try:
                    await self._world.eventually("recovery", self._world.is_healthy, HEALTHY_WITHIN_S)
                except NeverSettled as error:
                    raise Refused(str(error)) from error

    def status(self) -> dict[str, Any]:
        """What runs, what is broken, and who asked Redis for how much."""
        world = self._world
        return {
            "name": world.plan.name,
            "pid": os.getpid(),
            "started_at": self._started_at.isoformat(),
            "faults": [
                {
                    "name": each.fault.name,
                    "kind": each.fault.kind,
                    "since": each.since.isoformat(),
                    "until": each.until.isoformat() if each.until else None,
                }
                for each in self._active.values()
            ],
            "edge": {
                "port": world.edge.port,
                "connections": len(world.edge.connections),
                "commands": {client: world.gate.commands[client] for client in _clients(world)},
                "daily_limit": world.gate.daily_limit,
            },
            "redis": {"server": str(world.redis.binary), "pid": world.redis.pid},
            "postgres": {"dsn": world.postgres.dsn, "pid": world.postgres.pid},
            "producer": {"pid": world.producer.pid},
            "openrouter": {"mode": world.openrouter.mode.value, "calls": dict(world.openrouter.calls)},
            "worker": {
                "replicas": [
                    {
                        "id": replica.instance.id,
                        "status": replica.instance.status.value,
                        "restarts": replica.instance.restarts,
                        "pid": replica.pid,
                        "port": replica.port,
                    }
                    for replica in (world.host.current.replicas if world.host.current else ())
                ],
                "deployments": [{"id": each.id, "status": each.status.value} for each in world.host.deployments()],
            },
        }

    async def _heal_later(self, name: str, for_s: float) -> None:
        await asyncio.sleep(for_s)
        try:
            await self.heal(name)
        except Refused as refusal:
            self._log(str(refusal))


def _clients(world: World) -> list[str]:
    known = [each.client for each in world.gate.credentials]
    return sorted({*known, *world.gate.commands})
