"""The public key written into the frontend's bundle is that of another project."""

from __future__ import annotations

from sandbox.data.keys import Keyring, new_project_ref
from sandbox.faults import database_site
from sandbox.faults.fault import Fault
from sandbox.world import World


async def _apply(world: World) -> None:
    foreign = Keyring(project_ref=new_project_ref()).issue("anon", "anon")
    await database_site.change(world, FAULT.name, {database_site.PUBLIC_KEY: foreign})


async def _settled(world: World) -> bool:
    return await database_site.health_says(world, '"database_error":"Invalid API key"')


async def _heal(world: World) -> None:
    await database_site.restore(world, FAULT.name)


FAULT = Fault(
    name="database-anon-key-wrong",
    summary="the frontend was built with another project's public key; the worker is well",
    cause="database.credentials_rejected",
    row="4.02",
    control="database-anon-key-renewed",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
