"""The policy for registering asks for a plausible address now; those who register have one."""

from __future__ import annotations

from sandbox.faults import database_clients
from sandbox.faults.fault import Fault
from sandbox.world import World

REGISTRATIONS = 8


async def _apply(world: World) -> None:
    await world.postgres.execute("ALTER POLICY \"anyone may register\" ON users WITH CHECK (email LIKE '%_@_%')")
    seen = world.memory[FAULT.name] = list[str]()
    database_clients.start(world, FAULT.name, count=2, work=database_clients.registering(world, seen))


async def _settled(world: World) -> bool:
    return world.memory[FAULT.name].count("") >= REGISTRATIONS and await world.is_healthy()


async def _heal(world: World) -> None:
    await database_clients.stop(world, FAULT.name)
    await world.postgres.execute('ALTER POLICY "anyone may register" ON users WITH CHECK (true)')
    del world.memory[FAULT.name]


FAULT = Fault(
    name="database-policy-narrowed",
    summary="the policy for registering was narrowed, people register",
    cause="none",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
