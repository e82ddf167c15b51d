"""One replica was killed once, and came back."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World


async def _apply(world: World) -> None:
    replica = world.host.running[0]
    restarts = replica.instance.restarts
    replica.kill()

    async def is_back() -> bool:
        return replica.instance.restarts > restarts and replica.is_running

    await world.eventually("the restart", is_back)


async def _settled(world: World) -> bool:
    return await world.is_healthy()


async def _heal(_world: World) -> None:
    """Nothing is broken."""


FAULT = Fault(
    name="worker-killed-once",
    summary="one replica was killed once and restarted",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
