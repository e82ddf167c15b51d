"""Faults made by changing the worker's variables, as a person does on Railway's page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from sandbox.faults.fault import Fault
from sandbox.world import World


def variable_fault(
    *,
    name: str,
    summary: str,
    cause: str,
    values: Callable[[World], Mapping[str, str]],
    settled: Callable[[World], Awaitable[bool]],
    row: str = "",
    control: str = "",
) -> Fault:
    """A fault that deploys `values` and heals by deploying what was there before."""

    async def apply(world: World) -> None:
        await world.change_variables(name, values(world))

    async def heal(world: World) -> None:
        await world.restore_variables(name)

    return Fault(
        name=name,
        summary=summary,
        cause=cause,
        row=row,
        control=control,
        apply=apply,
        settled=settled,
        heal=heal,
    )
