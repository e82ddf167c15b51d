"""Jobs keep what they load: replicas outgrow their memory and are killed, again and again."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.producer.jobs import MIX
from sandbox.world import World

SAMPLE_MEGABYTES = 24
EXTRAS = {"fine-tune-model": {"sampleMegabytes": SAMPLE_MEGABYTES}}
HUNGRY_MIX = {**MIX, "fine-tune-model": 60.0}
KILLS = 2


async def _apply(world: World) -> None:
    world.memory[FAULT.name] = _restarts(world)
    per_s = world.plan.pace_per_s + 2.5
    await world.producer.order("pace", per_s=per_s, mix=HUNGRY_MIX, extras=EXTRAS)
    await world.producer.order("burst", count=18, mix={"fine-tune-model": 1.0}, extras=EXTRAS)


async def _settled(world: World) -> bool:
    before: int = world.memory[FAULT.name]
    return _restarts(world) >= before + KILLS and await world.is_healthy()


async def _heal(world: World) -> None:
    await world.usual_traffic()
    await world.restart_empty_handed("fine-tune-model")


def _restarts(world: World) -> int:
    return sum(replica.instance.restarts for replica in world.host.current.replicas) if world.host.current else 0


FAULT = Fault(
    name="worker-out-of-memory",
    summary="replicas outgrow their memory limit and are killed, over and over",
    cause="worker.out_of_memory",
    row="1.17",
    control="worker-memory-stable",
    apply=_apply,
    settled=_settled,
    heal=_heal,
    within_s=90.0,
)
