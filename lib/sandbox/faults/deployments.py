"""Faults made by deploying another release of the worker."""

from __future__ import annotations

from sandbox.faults.fault import Fault
from sandbox.service import DeploymentStatus
from sandbox.worker.releases import Release
from sandbox.world import World


def release_fault(*, name: str, summary: str, cause: str, row: str, control: str, release: Release) -> Fault:
    """A release that cannot start; it heals by deploying the one before."""

    async def apply(world: World) -> None:
        world.memory.setdefault(name, world.host.release)
        world.host.deploy(release)
        await world.host.settle()

    async def heal(world: World) -> None:
        world.host.deploy(world.memory.pop(name))
        await world.host.settle()

    return Fault(
        name=name,
        summary=summary,
        cause=cause,
        row=row,
        control=control,
        apply=apply,
        settled=has_crashed,
        heal=heal,
    )


async def has_crashed(world: World) -> bool:
    """Whether the newest deployment has used up its restarts."""
    return world.host.deployments()[0].status is DeploymentStatus.CRASHED
