"""The orders a running sandbox obeys: faults on and off, status, the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

from psycopg import Error as DatabaseError
from redis.exceptions import RedisError

from sandbox.account import Active, account
from sandbox.child import ChildFailed
from sandbox.control import Refused
from sandbox.faults import fault_named
from sandbox.world import NeverSettled, World

HEALTHY_WITHIN_S = 60.0
JOBS_WAITED = 15
"""Lengths of a usual job by which a fault may show later."""


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
                # Many show at the end of a job, and jobs may be long.
                within_s = fault.within_s + JOBS_WAITED * self._world.plan.job_seconds
                await self._world.eventually(f"'{name}' taking hold", lambda: fault.settled(self._world), within_s)
            except (ChildFailed, NeverSettled, RedisError, DatabaseError, OSError) as error:
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
                except (ChildFailed, NeverSettled, RedisError, DatabaseError, OSError) as error:
                    raise Refused(f"healing '{each}': {error}") from error
            if not self._active:
                try:
                    await self._world.eventually("recovery", self._world.is_healthy, HEALTHY_WITHIN_S)
                except NeverSettled as error:
                    raise Refused(str(error)) from error

    def status(self) -> dict[str, Any]:
        """What runs, what is broken, and who asked Redis for how much."""
        return account(self._world, self._started_at, self._active.values())

    async def _heal_later(self, name: str, for_s: float) -> None:
        await asyncio.sleep(for_s)
        try:
            await self.heal(name)
        except Refused as refusal:
            self._log(str(refusal))
