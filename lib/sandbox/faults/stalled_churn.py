"""A release shortens the locks and forgets to renew them sooner: running jobs are begun again and again."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.faults.upstream import BUSY_MIX, KNOWLEDGE, think
from sandbox.worker.releases import SHORT_LOCK
from sandbox.world import World

CALL_S = 12.0
"""Longer than a lock of that release lives (3 s), shorter than until its first renewal (15 s)."""
FAILURES = 20
"""Jobs that stalled twice have failed for good; so many that their share can be judged, however long others take."""


async def _apply(world: World) -> None:
    world.memory.setdefault(FAULT.name, world.host.release)
    think(world, CALL_S)
    world.host.deploy(SHORT_LOCK)
    await world.host.settle()
    await world.producer.order("pace", mix=BUSY_MIX)
    await world.producer.order("burst", count=20, mix={KNOWLEDGE: 1.0})


async def _settled(world: World) -> bool:
    newest = await world.redis.client.xrevrange(f"bull:{world.queue_name}:events", count=3000)
    stalls = [int(entry.partition("-")[0]) for entry, fields in newest if fields["event"] == "stalled"]
    failed = [fields["event"] for _, fields in newest].count("failed")
    return len({at // 5000 for at in stalls}) > 3 and failed >= FAILURES


async def _heal(world: World) -> None:
    think(world, 0.0)
    await world.usual_traffic()
    world.host.deploy(world.memory.pop(FAULT.name))
    await world.host.settle()


FAULT = Fault(
    name="stalled-churn",
    summary="locks end before they are renewed: long jobs stall and are begun twice",
    cause="worker.stalled_churn",
    row="2.10",
    control="worker-killed-once",
    apply=_apply,
    settled=_settled,
    heal=_heal,
    within_s=90.0,
)
