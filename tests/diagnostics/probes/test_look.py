"""What a look that failed says about sight regained."""

from __future__ import annotations

import pytest

from diagnostics.budget import Budget
from diagnostics.errors import BudgetExhausted, NotAccepting
from diagnostics.model import FailureKind
from diagnostics.probes.look import failure_of


@pytest.mark.parametrize(("purse", "is_optional"), [("redis", True), ("http", True), ("sql", False)])
def test_a_spent_budget_names_the_option_that_raises_it(purse: str, is_optional: bool) -> None:
    """`--redis-commands` gives more commands and requests; statements have a fixed limit."""
    budget = Budget(redis_command_limit=0, http_request_limit=0, sql_statement_limit=0)
    with pytest.raises(BudgetExhausted) as raised:
        {"redis": lambda: budget.spend_redis(1), "http": budget.spend_http, "sql": lambda: budget.spend_sql(1)}[purse]()
    failure = failure_of(raised.value)
    assert failure.kind is FailureKind.BUDGET
    assert ("--redis-commands" in str(failure.regain)) is is_optional


def test_a_server_that_lets_nobody_in_points_to_the_finding_that_says_why() -> None:
    """Starting, or full: both are told by whether the database is reachable."""
    failure = failure_of(NotAccepting("w: no", code="57P03"))
    assert failure.kind is FailureKind.NOT_ACCEPTING and "database.reachable" in str(failure.regain)
