"""Faults of the database, as the jobs that need it feel them."""

from collections.abc import Iterator

import httpx
import pytest
from psycopg import AsyncConnection
from tests.sandbox.faults.observations import Sight, both, daily, queue, says, shows_and_heals, well
from tests.sandbox.running import Running, running


async def _no_database(one: Running) -> bool:
    return one.status()["postgres"]["pid"] is None


async def _a_write_is_slow(one: Running) -> bool:
    rows = await _rows(
        one, r"SELECT max_exec_time FROM extensions.pg_stat_statements WHERE query ~ 'UPDATE .public.\..webhook_events'"
    )
    return any(each > 1000 for (each,) in rows)


async def _somebody_waits_for_a_lock(one: Running) -> bool:
    return bool(await _rows(one, "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))


async def _a_backup_is_open(one: Running) -> bool:
    return bool(await _rows(one, "SELECT 1 FROM pg_stat_activity WHERE application_name = 'pg_dump'"))


async def _a_view_stands_there(one: Running) -> bool:
    return await _rows(one, "SELECT relkind::text FROM pg_class WHERE relname = 'webhook_events'") == [("v",)]


async def _rows(one: Running, query: str) -> list[tuple[object, ...]]:
    async with await AsyncConnection.connect(one.status()["postgres"]["dsn"]) as connection:
        return await (await connection.execute(query.encode())).fetchall()


async def _paused(one: Running) -> bool:
    return (await _asked(one)).status_code == 540


async def _the_operators_old_key_is_refused(one: Running) -> bool:
    return (await _asked(one)).text.startswith('{"message": "Invalid API key"')


async def _asked(one: Running) -> httpx.Response:
    """What the REST API answers to the operator's key."""
    key = one.settings["SUPABASE_SERVICE_ROLE_KEY"]
    async with httpx.AsyncClient(trust_env=False) as client:
        url = f"{one.settings['SUPABASE_URL']}/rest/v1/agents?select=id&limit=1"
        return await client.get(url, headers={"apikey": key, "Authorization": f"Bearer {key}"})


SEEN: dict[str, Sight] = {
    "database-down": both(well, _no_database, says("PGRST002")),
    "database-table-missing": both(well, says("PGRST205")),
    "database-slow": both(well, _a_write_is_slow, queue(lambda n: n["wait"] > 300)),
    "database-locked": both(well, _somebody_waits_for_a_lock, says("statement timeout")),
    "database-paused": both(well, _paused, says("540: Project paused")),
    "database-key-rotated-one-side": both(well, _the_operators_old_key_is_refused, says("Invalid API key")),
    "database-restarted": both(well, queue(lambda n: n["wait"] < 20)),
    "database-table-renamed": both(well, _a_view_stands_there, queue(lambda n: n["wait"] < 20)),
    "database-slightly-slow": both(well, queue(lambda n: n["wait"] < 20)),
    "database-backup": both(well, _a_backup_is_open, queue(lambda n: n["wait"] < 20)),
}


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("database-faults")) as found:
        yield found


@pytest.mark.parametrize("name", daily(SEEN))
async def test_a_fault_shows_and_heals(one: Running, name: str) -> None:
    """`fault` returns when it shows; after `heal` the backlog drains."""
    drained = both(well, queue(lambda n: n["wait"] + n["paused"] < 30))
    await shows_and_heals(one, name, SEEN[name], healed=drained, within_s=90)
