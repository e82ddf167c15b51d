"""What anybody can see from outside while a fault is in force."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest
from tests.sandbox.running import Running, eventually

Sight = Callable[[Running], Awaitable[bool]]
LONG = frozenset(
    {
        "concurrency-too-low",
        "database-slow",
        "handlers-hung",
        "redis-other-database",
        "stalled-churn",
    }
)
"""Faults that take long to show or to heal: what a run saw of them is judged every day, they are lived through less often."""


def daily(names: Iterable[str]) -> list[Any]:
    """Parameters of a test, the long ones marked so."""
    return [pytest.param(name, marks=pytest.mark.long) if name in LONG else name for name in names]


def health(*statuses: int | None) -> Sight:
    """`/health` answers with one of these; `None` is silence."""

    async def seen(one: Running) -> bool:
        answer = await one.get("/health", within_s=3)
        return (answer.status_code if answer else None) in statuses

    return seen


def health_says(status: int, text: str) -> Sight:
    """`/health` answers with this status and a text in it."""

    async def seen(one: Running) -> bool:
        answer = await one.get("/health", within_s=3)
        return answer is not None and answer.status_code == status and text in answer.text

    return seen


def silent_but_measured(text: str) -> Sight:
    """`/health` hangs while `/metrics` answers with a text in it."""

    async def seen(one: Running) -> bool:
        answer = await one.get("/metrics")
        return await one.get("/health", within_s=0.5) is None and answer is not None and text in answer.text

    return seen


def says(text: str) -> Sight:
    """The newest deployment's log has a text."""

    async def seen(one: Running) -> bool:
        return await one.said(text)

    return seen


def queue(condition: Callable[[dict[str, int]], bool], name: str = "agent-jobs") -> Sight:
    """A condition on the queue's counts by state."""

    async def seen(one: Running) -> bool:
        async with one.redis() as redis:
            return condition(await counts(redis, name))

    return seen


async def counts(redis: Any, name: str) -> dict[str, int]:
    """Jobs of a queue by state."""
    prefix = f"bull:{name}"
    found = {state: await redis.llen(f"{prefix}:{state}") for state in ("wait", "paused", "active")}
    for state in ("prioritized", "delayed", "completed", "failed"):
        found[state] = await redis.zcard(f"{prefix}:{state}")
    return found


def both(*sights: Sight) -> Sight:
    """All of them."""

    async def seen(one: Running) -> bool:
        return all([await sight(one) for sight in sights])

    return seen


async def is_well(one: Running) -> bool:
    """Every replica says it is well."""
    answers = [await one.get("/health") for _ in range(3)]
    return all(answer is not None and answer.status_code == 200 for answer in answers)


well: Sight = is_well


async def shows_and_heals(one: Running, name: str, shown: Sight, *, healed: Sight, within_s: float) -> None:
    """Apply a fault and wait until it shows; heal it and wait until `healed`."""
    await one.fault(name)
    try:
        await eventually(lambda: shown(one), 20)
    finally:
        await one.heal()
    await eventually(lambda: healed(one), within_s)
