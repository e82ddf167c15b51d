"""The policy that lets people register is gone: their browsers are refused, reads go on."""

from __future__ import annotations

from sandbox.faults import database_clients
from sandbox.faults.fault import Fault
from sandbox.world import World

REFUSALS = 8
WORDS = "new row violates row-level security policy"


async def _apply(world: World) -> None:
    await world.postgres.execute('DROP POLICY "anyone may register" ON users')
    seen = world.memory[FAULT.name] = list[str]()
    database_clients.start(world, FAULT.name, count=2, work=database_clients.registering(world, seen))


async def _settled(world: World) -> bool:
    return sum(WORDS in body for body in world.memory[FAULT.name]) >= REFUSALS


async def _heal(world: World) -> None:
    await database_clients.stop(world, FAULT.name)
    await world.postgres.execute(
        'CREATE POLICY "anyone may register" ON users FOR INSERT TO anon, authenticated WITH CHECK (true)'
    )
    del world.memory[FAULT.name]


FAULT = Fault(
    name="database-policy-denies",
    summary="no policy allows a new row in users: registering fails, everything else works",
    cause="database.policy_denies",
    row="4.12",
    control="database-policy-narrowed",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
