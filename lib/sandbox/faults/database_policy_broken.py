"""Row policies refer to one another in a circle: every read with the public key or a user's token fails."""

from __future__ import annotations

from sandbox.faults import database_site
from sandbox.faults.fault import Fault
from sandbox.world import World

CIRCLE = "org_id IN (SELECT m.org_id FROM organization_members m)"


async def _apply(world: World) -> None:
    await world.postgres.execute(
        f'CREATE POLICY "fellow members" ON organization_members FOR SELECT TO anon, authenticated USING ({CIRCLE})',
        'ALTER POLICY "names are public" ON organizations USING (id IN (SELECT m.org_id FROM organization_members m))',
    )


async def _settled(world: World) -> bool:
    return await database_site.health_says(world, "infinite recursion detected in policy")


async def _heal(world: World) -> None:
    await world.postgres.execute(
        'ALTER POLICY "names are public" ON organizations USING (true)',
        'DROP POLICY "fellow members" ON organization_members',
    )


FAULT = Fault(
    name="database-policy-broken",
    summary="a row policy refers to itself (42P17): reads with the public key fail, jobs go on",
    cause="database.policy_denies",
    row="4.13",
    control="database-policy-narrowed",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
