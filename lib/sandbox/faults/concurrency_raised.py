"""JOB_CONCURRENCY was doubled: twice the jobs in hand need more memory than a replica has."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.producer.jobs import MIX
from sandbox.world import World

FILE_MEGABYTES = 7
"""25 of these fit beside the process itself, 50 do not."""
LARGE = "process-large-file"
EXTRAS = {LARGE: {"fileMegabytes": FILE_MEGABYTES}}
KILLS = 2
WAITING = 300


async def _apply(world: World) -> None:
    await world.change_variables(FAULT.name, {"JOB_CONCURRENCY": "50"})
    await world.producer.order("pace", mix={**MIX, LARGE: 100.0}, extras=EXTRAS)
    await world.producer.order("burst", count=WAITING, mix={LARGE: 1.0}, extras=EXTRAS)


async def _settled(world: World) -> bool:
    return _restarts(world) >= KILLS and await world.is_healthy()


async def _heal(world: World) -> None:
    await world.usual_traffic()
    await world.restore_variables(FAULT.name)
    await world.discard(LARGE)


def _restarts(world: World) -> int:
    return sum(replica.instance.restarts for replica in world.host.current.replicas) if world.host.current else 0


FAULT = Fault(
    name="concurrency-raised",
    summary="JOB_CONCURRENCY=50 with jobs that need memory: replicas are killed, over and over",
    cause="worker.out_of_memory",
    row="C6",
    control="concurrency-doubled",
    apply=_apply,
    settled=_settled,
    heal=_heal,
    within_s=90.0,
)
