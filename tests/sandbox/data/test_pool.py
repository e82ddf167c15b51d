"""The bounded pool, with a real server behind it."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
import pytest_asyncio
from tests.sandbox.data.support import serving

from sandbox.data import Project
from sandbox.data.pool import ConnectFailed, Pool, PoolTimeout

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def project() -> AsyncIterator[Project]:
    async with serving() as found:
        yield found


async def pid(pool: Pool) -> int:
    """The server process behind the connection that the pool gives."""
    async with pool.connection() as connection:
        return connection.info.backend_pid


async def test_a_connection_is_used_again(project: Project) -> None:
    """One server process for many requests."""
    pool = Pool(project.postgres.dsn, size=2, patience_s=1)
    assert await pid(pool) == await pid(pool)
    await pool.close()


async def test_never_more_than_its_size_and_in_order(project: Project) -> None:
    """The third waits for the first to end; nobody overtakes."""
    pool, order, most = Pool(project.postgres.dsn, size=2, patience_s=5), [], 0

    # Two connections that are opened at once may come in any order; these are open already.
    async with pool.connection(), pool.connection():
        pass

    async def one(number: int) -> None:
        nonlocal most
        async with pool.connection() as connection:
            order.append(number)
            most = max(most, pool.in_use)
            await connection.execute("SELECT pg_sleep(0.01)")

    await asyncio.gather(*(one(number) for number in range(8)))
    assert (order, most, pool.in_use) == (list(range(8)), 2, 0)
    await pool.close()


async def test_waiting_ends(project: Project) -> None:
    """And leaves the slot to the others."""
    pool = Pool(project.postgres.dsn, size=1, patience_s=0.05)
    async with pool.connection():
        with pytest.raises(PoolTimeout):
            await pid(pool)
    assert await pid(pool)
    await pool.close()


async def test_an_error_of_the_statement_keeps_the_connection_a_broken_one_is_replaced(project: Project) -> None:
    """After a refused statement the same process answers; after a killed one another."""
    pool = Pool(project.postgres.dsn, size=1, patience_s=1)
    first = await pid(pool)
    with pytest.raises(psycopg.errors.UndefinedTable):
        async with pool.connection() as connection:
            await connection.execute("SELECT * FROM nothing")
    assert await pid(pool) == first
    with pytest.raises(psycopg.OperationalError):
        async with pool.connection() as connection:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert await pid(pool) != first
    await pool.close()


async def test_a_request_that_is_given_up_gives_its_slot_back(project: Project) -> None:
    """Its connection is not used again: the statement may still run."""
    pool = Pool(project.postgres.dsn, size=1, patience_s=1)
    first = await pid(pool)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05), pool.connection() as connection:
            await connection.execute("SELECT pg_sleep(5)")
    assert await pid(pool) != first
    await pool.close()


async def test_a_server_that_takes_nobody_is_a_refusal_of_its_own() -> None:
    """No slot is lost by it."""
    pool = Pool("host=/nowhere user=x", size=1, patience_s=0.1)
    for _ in range(2):
        with pytest.raises(ConnectFailed):
            await pid(pool)
    assert pool.in_use == 0
