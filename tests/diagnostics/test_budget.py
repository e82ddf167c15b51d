"""The run's purse."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.budget import Bill, Budget, metered
from diagnostics.errors import BudgetExhausted


@pytest.mark.parametrize(("wanted", "is_granted"), [(0, True), (4, True), (5, True), (6, False), (10**9, False)])
def test_commands_are_granted_up_to_the_limit(wanted: int, is_granted: bool) -> None:
    """The last command may be spent, one more may not; a refusal takes nothing."""
    budget = Budget(redis_command_limit=5)
    if is_granted:
        budget.spend_redis(wanted)
    else:
        with pytest.raises(BudgetExhausted, match=f"{wanted} Redis commands needed, 5 of 5 left"):
            budget.spend_redis(wanted)
    assert budget.redis_left() == (5 - wanted if is_granted else 5)


def test_requests_are_granted_up_to_the_limit() -> None:
    """One request too many is refused before it is sent."""
    budget = Budget(http_request_limit=2)
    budget.spend_http()
    budget.spend_http()
    with pytest.raises(BudgetExhausted, match="all 2 HTTP requests are spent"):
        budget.spend_http()
    assert budget.spent().http_requests == 2


@pytest.mark.parametrize(("wanted", "is_granted"), [(0, True), (5, True), (6, False)])
def test_statements_are_granted_up_to_the_limit(wanted: int, is_granted: bool) -> None:
    """The last statement may be sent, one more may not; a refusal takes nothing and is on no bill."""
    budget = Budget(sql_statement_limit=5)
    with metered() as bill:
        if is_granted:
            budget.spend_sql(wanted)
        else:
            with pytest.raises(BudgetExhausted, match=f"{wanted} SQL statements needed, 5 of 5 left"):
                budget.spend_sql(wanted)
    assert bill.sql_statements == budget.spent().sql_statements == (wanted if is_granted else 0)


@given(st.lists(st.integers(0, 20)), st.integers(0, 60))
def test_the_purse_is_never_overdrawn(wishes: list[int], limit: int) -> None:
    """Whatever is asked for, the sum of what was granted stays within the limit."""
    budget, granted = Budget(redis_command_limit=limit), 0
    for wish in wishes:
        try:
            budget.spend_redis(wish)
        except BudgetExhausted:
            continue
        granted += wish
    assert granted == budget.redis_commands == budget.spent().redis_commands <= limit


async def test_each_task_has_its_own_bill() -> None:
    """Probes run side by side; each is billed for its own spending, and the purse for all."""
    budget = Budget()

    async def spend(commands: int) -> Bill:
        with metered() as bill:
            for _ in range(commands):
                budget.spend_redis(1)
                await asyncio.sleep(0)
            budget.spend_http()
        return bill

    bills = await asyncio.gather(*(spend(n) for n in (1, 5, 9)))
    assert [b.redis_commands for b in bills] == [1, 5, 9]
    assert [b.http_requests for b in bills] == [1, 1, 1]
    assert budget.spent(1.23456).redis_commands == 15
    assert budget.spent(1.23456).elapsed_s == 1.235


def test_spending_outside_a_bill_is_counted_all_the_same() -> None:
    """The purse does not depend on who asks."""
    budget = Budget()
    budget.spend_redis(3)
    assert budget.redis_commands == 3


async def test_a_share_does_not_depend_on_who_came_first() -> None:
    """What the others are allowed stays theirs, whether they have spent it already or not; overdrawn is not left."""
    budget = Budget(redis_command_limit=50)
    with metered():
        budget.spend_redis(5)
        before = budget.redis_share(others=11)
        await asyncio.create_task(_spend(budget, 11))
        assert budget.redis_share(others=11) == before == 34
        await asyncio.create_task(_spend(budget, 30))
        assert budget.redis_share(others=11) == budget.redis_left() == 4


async def _spend(budget: Budget, commands: int) -> None:
    with metered():
        budget.spend_redis(commands)
