"""A migration took the worker's role a right: it may not add rows to webhook_events any more."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.world import World

FAILURES = 15


async def _apply(world: World) -> None:
    await world.postgres.execute("REVOKE INSERT ON webhook_events FROM service_role")
    await world.producer.order("burst", count=2 * FAILURES, mix={"kommo:webhook": 1.0})


async def _settled(world: World) -> bool:
    return world.heard(FAULT.name, "permission denied for table webhook_events", times=FAILURES)


async def _heal(world: World) -> None:
    await world.postgres.execute("GRANT INSERT ON webhook_events TO service_role")


FAULT = Fault(
    name="database-grant-revoked",
    summary="the service role may not insert into webhook_events; kommo:webhook jobs fail",
    cause="database.policy_denies",
    row="4.15",
    control="database-grant-narrowed",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
