"""PostgREST's words for the driver's errors, with a real server behind the driver."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from sandbox.postgres import Postgres
from sandbox.state import make_scratch
from sandbox.worker.database import Database
from sandbox.worker.postgrest import RestError

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def postgres() -> AsyncIterator[Postgres]:
    folder = Path(make_scratch())
    server = Postgres(folder=folder, log=lambda _line: None)
    await server.create()
    yield server
    await server.stop()


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        (
            "INSERT INTO webhook_event (status) VALUES ('x')",
            "Could not find the table 'public.webhook_event' in the schema cache (PGRST205)",
        ),
        (
            "SELECT * FROM public.nothing",
            "Could not find the table 'public.nothing' in the schema cache (PGRST205)",
        ),
        ("SELECT pg_sleep(1)", "canceling statement due to statement timeout (57014)"),
        ("SELECT nothing FROM agents", 'column "nothing" does not exist (42703)'),
    ],
)
async def test_errors_have_the_rest_apis_words(postgres: Postgres, statement: str, text: str) -> None:
    """What the jobs' logs are searched for."""
    database = Database(postgres.dsn)
    await database.execute("SELECT 1")
    connection = database._free.get_nowait()
    assert connection is not None
    await connection.execute("SET statement_timeout = 50")
    database._free.put_nowait(connection)
    with pytest.raises(RestError) as refused:
        await database.execute(statement)
    assert str(refused.value) == text
    await database.close()


async def test_statements_end_as_supabase_ends_them(postgres: Postgres) -> None:
    """The limit is the server's, and that of the role the REST API uses."""
    database = Database(postgres.dsn)
    assert await database.execute("SHOW statement_timeout") == [("8s",)]
    await database.close()


async def test_a_server_that_is_gone_has_one_text_and_comes_back(postgres: Postgres) -> None:
    """Both for a connection that breaks and for one that cannot be opened; afterwards the pool works again."""
    database = Database(postgres.dsn)
    await database.execute("SELECT 1")
    await postgres.stop()
    for _ in range(2):
        with pytest.raises(RestError, match="PGRST002"):
            await database.execute("SELECT 1")
    await postgres.start()
    assert await database.execute("SELECT 1") == [(1,)]
    await database.close()
