"""Huge files are parsed in-process: nothing else in the worker runs meanwhile."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.producer.jobs import MIX
from sandbox.world import World

PARSE_S = 35
"""Longer than a job's lock lives."""
EXTRAS = {"process-bulk-data": {"parseSeconds": PARSE_S}}


async def _apply(world: World) -> None:
    mix = {**MIX, "process-bulk-data": sum(MIX.values()) * 0.15}
    await world.producer.order("pace", mix=mix, extras=EXTRAS)
    count = 3 * world.host.replicas()
    await world.producer.order("burst", count=count, mix={"process-bulk-data": 1.0}, extras=EXTRAS)


async def _settled(world: World) -> bool:
    replies = await world.ask_replicas("/metrics", within_s=1.5)
    return bool(replies) and all(each.status == 0 for each in replies)


async def _heal(world: World) -> None:
    await world.usual_traffic()
    await world.restart_empty_handed("process-bulk-data")


FAULT = Fault(
    name="worker-event-loop-blocked",
    summary="jobs parse huge files in-process: the event loop stands still",
    cause="worker.event_loop_blocked",
    row="1.16",
    control="worker-loop-busy-briefly",
    apply=_apply,
    settled=_settled,
    heal=_heal,
)
