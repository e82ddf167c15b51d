"""One customer has revoked our access to its Kommo account; only that customer's syncs fail."""

from __future__ import annotations

import hashlib

from sandbox.faults.fault import Fault
from sandbox.producer.jobs import ORGANIZATIONS, numbered
from sandbox.world import World

SYNC = "crm:sync-contacts"
ORGANIZATION = 7
REFUSALS = 3


def refresh_token(organization: int) -> str:
    """What `schema.sql` gave a customer."""
    value = f"kommo:{numbered('organization', organization)}"
    return hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()


async def _apply(world: World) -> None:
    world.kommo.revoked.add(refresh_token(ORGANIZATION))
    await world.producer.order("burst", count=180)
    for number in range(ORGANIZATION, ORGANIZATION + REFUSALS * ORGANIZATIONS, ORGANIZATIONS):
        extras = {
            SYNC: {
                "organizationId": numbered("organization", ORGANIZATION),
                "connectionId": numbered("connection", number),
            }
        }
        await world.producer.order("burst", count=1, mix={SYNC: 1.0}, extras=extras)


async def _settled(world: World) -> bool:
    is_refused = world.heard(FAULT.name, "Kommo API error: 400", times=REFUSALS)
    return is_refused and await world.backlog() == 0


async def _heal(world: World) -> None:
    world.kommo.revoked.clear()


FAULT = Fault(
    name="kommo-token-revoked",
    summary="one customer revoked our access to Kommo: its CRM jobs fail, all others are fine",
    cause="jobs.kommo_reauthorisation",
    row="1.20",
    control="kommo-hiccup",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
