"""What one run may spend on the systems it looks at, and what it has spent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from diagnostics.errors import BudgetExhausted, SqlBudgetExhausted
from diagnostics.model import Cost

REDIS_COMMANDS = 50
HTTP_REQUESTS = 100
SQL_STATEMENTS = 60
"""What a run may spend by default (count)."""


@dataclass(slots=True)
class Bill:
    """What one probe spent."""

    redis_commands: int = 0
    http_requests: int = 0
    sql_statements: int = 0


_bill: ContextVar[Bill | None] = ContextVar("bill", default=None)


@contextmanager
def metered() -> Iterator[Bill]:
    """Whatever the current task spends inside is also written on the yielded bill."""
    bill = Bill()
    token = _bill.set(bill)
    try:
        yield bill
    finally:
        _bill.reset(token)


@dataclass(slots=True, kw_only=True)
class Budget:
    """Counts every command, request and statement before it is sent. Not frozen: it is the run's purse."""

    redis_command_limit: int = REDIS_COMMANDS
    http_request_limit: int = HTTP_REQUESTS
    sql_statement_limit: int = SQL_STATEMENTS
    redis_commands: int = 0
    http_requests: int = 0
    sql_statements: int = 0

    def redis_left(self) -> int:
        """Commands that may still be sent."""
        return self.redis_command_limit - self.redis_commands

    def redis_share(self, *, others: int) -> int:
        """Commands left to the current task where all others together take `others`, however far they have come."""
        bill = _bill.get()
        mine = bill.redis_commands if bill else self.redis_commands
        return min(self.redis_left(), self.redis_command_limit - mine - others)

    def spend_redis(self, commands: int) -> None:
        """Take `commands` from the purse, or raise BudgetExhausted and take nothing."""
        if commands > self.redis_left():
            raise BudgetExhausted(
                f"{commands} Redis commands needed, {self.redis_left()} of {self.redis_command_limit} left"
            )
        self.redis_commands += commands
        if bill := _bill.get():
            bill.redis_commands += commands

    def spend_http(self) -> None:
        """Take one request from the purse."""
        if self.http_requests >= self.http_request_limit:
            raise BudgetExhausted(f"all {self.http_request_limit} HTTP requests are spent")
        self.http_requests += 1
        if bill := _bill.get():
            bill.http_requests += 1

    def spend_sql(self, statements: int) -> None:
        """Take `statements` from the purse, or raise BudgetExhausted and take nothing."""
        left = self.sql_statement_limit - self.sql_statements
        if statements > left:
            raise SqlBudgetExhausted(f"{statements} SQL statements needed, {left} of {self.sql_statement_limit} left")
        self.sql_statements += statements
        if bill := _bill.get():
            bill.sql_statements += statements

    def spent(self, elapsed_s: float = 0.0) -> Cost:
        """The bill so far."""
        return Cost(
            elapsed_s=round(elapsed_s, 3),
            http_requests=self.http_requests,
            redis_commands=self.redis_commands,
            sql_statements=self.sql_statements,
        )
