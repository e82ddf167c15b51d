"""One look: run a read, time it, bill it, and turn what goes wrong into evidence.

The only place where a `ClientError` ends. Probes therefore never raise one.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from diagnostics.budget import metered
from diagnostics.errors import (
    BadStatus,
    BudgetExhausted,
    ClientError,
    ClientTimeout,
    ConnectFailed,
    NameUnresolved,
    NotAccepting,
    Oversized,
    QuotaExhausted,
    RateLimited,
    SchemaError,
    SettingsError,
    SqlBudgetExhausted,
    Unauthorized,
)
from diagnostics.model import Cost, Evidence, Failure, FailureKind, Status
from diagnostics.readings import Reading
from diagnostics.text import Text, text

EXCERPT = 500


async def look(
    probe: str, source: str, read: Callable[[], Awaitable[tuple[Reading, str] | Reading | None]]
) -> Evidence:
    """Evidence of one read; `None` from it means there is nothing to see (`NO_DATA`)."""
    started = time.monotonic()
    reading: Reading | None = None
    failure: Failure | None = None
    excerpt = ""
    with metered() as bill:
        try:
            answer = await read()
        except (ClientError, BudgetExhausted, SettingsError) as error:
            failure = failure_of(error)
        else:
            reading, excerpt = answer if isinstance(answer, tuple) else (answer, "")
    status = Status.FAILED if failure else Status.OBSERVED if reading is not None else Status.NO_DATA
    return Evidence(
        id=probe,
        probe=probe,
        source=source,
        observed_at=datetime.now(UTC),
        status=status,
        reading=reading,
        failure=failure,
        cost=Cost(
            elapsed_s=round(time.monotonic() - started, 3),
            http_requests=bill.http_requests,
            redis_commands=bill.redis_commands,
            sql_statements=bill.sql_statements,
        ),
        excerpt=excerpt[:EXCERPT],
    )


def absent(probe: str, source: str, failure: Failure) -> Evidence:
    """Evidence of a look that was not taken."""
    return Evidence(
        id=probe,
        probe=probe,
        source=source,
        observed_at=datetime.now(UTC),
        status=Status.SKIPPED,
        failure=failure,
    )


def unset(*variables: str) -> Failure:
    """The system is in the profile, but a variable it needs is not set."""
    names = ", ".join(variables)
    return Failure(
        kind=FailureKind.CREDENTIALS_MISSING,
        why=text("{names} is not set", names=names),
        regain=text("set {names} in the environment or in the profile's env_file", names=names),
    )


_KINDS: tuple[tuple[type[Exception], FailureKind, Text], ...] = (
    (
        NameUnresolved,
        FailureKind.UNRESOLVED,
        text("check the address in the profile and the resolver of this machine"),
    ),
    (
        NotAccepting,
        FailureKind.NOT_ACCEPTING,
        text("let the database take connections again; the finding database.reachable says why it takes none"),
    ),
    (ConnectFailed, FailureKind.UNREACHABLE, text("check the address, and try from another network")),
    (
        ClientTimeout,
        FailureKind.TIMEOUT,
        text("run again with a longer --deadline, or try from another network"),
    ),
    (
        Unauthorized,
        FailureKind.UNAUTHORIZED,
        text("check that the credentials are current and may read this"),
    ),
    (RateLimited, FailureKind.RATE_LIMITED, text("wait as the vendor asks, then run again")),
    (QuotaExhausted, FailureKind.QUOTA, text("check the usage in the vendor's console")),
    (
        Oversized,
        FailureKind.OVERSIZED,
        text("look at the address by hand; it answers something unexpected"),
    ),
    (
        SchemaError,
        FailureKind.SCHEMA,
        text("look at the answer by hand; it may be another version or another service"),
    ),
    (BadStatus, FailureKind.BAD_STATUS, text("look at the vendor's status page, then run again")),
    (
        SqlBudgetExhausted,
        FailureKind.BUDGET,
        text("send the finding's SQL by hand; no option lets a run send more statements"),
    ),
    (BudgetExhausted, FailureKind.BUDGET, text("run again with a larger --redis-commands")),
    (SettingsError, FailureKind.CREDENTIALS_MISSING, text("correct the variable, then run again")),
    (ClientError, FailureKind.BAD_STATUS, text("look at the address by hand")),
)


def failure_of(error: Exception) -> Failure:
    """The failure that `error` stands for."""
    kind, regain = next((kind, regain) for cls, kind, regain in _KINDS if isinstance(error, cls))
    return Failure(kind=kind, why=_why(error, kind), regain=regain)


def _why(error: Exception, kind: FailureKind) -> Text:
    where = str(error).split(": ")[0].split(" answered ")[0]
    match kind:
        case FailureKind.UNRESOLVED:
            return text("{where}: the host name does not resolve from here", where=where)
        case FailureKind.UNREACHABLE:
            return text("{where}: no connection (refused, unreachable or not secure)", where=where)
        case FailureKind.TIMEOUT:
            return text("{where}: no complete answer in time", where=where)
        case FailureKind.UNAUTHORIZED:
            return text("{where}: the credentials are refused or not permitted", where=where)
        case FailureKind.RATE_LIMITED:
            return text("{where}: too many requests", where=where)
        case FailureKind.NOT_ACCEPTING:
            return text("{where}: the database server answers and takes no connection of ours", where=where)
        case FailureKind.QUOTA:
            return text("{where}: the plan's request limit is reached", where=where)
        case _:
            return text("{detail}", detail=str(error))
