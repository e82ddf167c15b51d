"""Upstash's developer API: what the plan allows the database, and how much of it is used.

Basic authentication with the account's e-mail and API key. Credentials of databases that come back are never read.
Source: Upstash, Developer API. `current_storage` against the plan's memory is an approximation: Upstash stores on disk.
"""

from __future__ import annotations

import base64
from typing import Annotated

from pydantic import Field

from diagnostics.clients.http import Http, expect_ok, parse
from diagnostics.clients.payload import Payload
from diagnostics.clients.permitted import permit_get
from diagnostics.errors import BadStatus, ClientTimeout, SettingsError
from diagnostics.profile import UpstashApiSection
from diagnostics.readings import RedisPlan
from diagnostics.settings import shown

REQUESTS = (("GET", "/redis/databases"), ("GET", "/redis/database/{id}"), ("GET", "/redis/stats/{id}"))
"""The whole allow-list; `make contract` validates it against the published description."""
UNLIMITED = 1e15
"""A request limit above this is the API's way to say that there is none."""
Count = Annotated[int, Field(ge=0)]


class _Listed(Payload):
    database_id: str
    endpoint: str


class _List(Payload):
    databases: list[_Listed]


class _Database(Payload):
    state: str
    type: str = ""
    modifying_state: str = ""
    db_memory_threshold: Count | None = None
    db_request_limit: Count | None = None


class _Stats(Payload):
    daily_net_commands: Count
    current_storage: Count
    total_monthly_requests: Count | None = None


async def read_plan(
    http: Http, section: UpstashApiSection, credentials: tuple[str, str], *, host: str, timeout_s: float
) -> RedisPlan:
    """State, limits and usage of the database; usage is `None` where the API keeps it to itself for now.

    Args:
        credentials: e-mail and API key.
        host: of the database's own address; finds the database where the profile names none.

    Raises: ClientError; SettingsError where the account has no such database.
    """
    base, headers = section.base_url, _basic(*credentials)
    database_id = section.database_id or await _found(http, base, headers, host=host, timeout_s=timeout_s)
    path = permit_get(REQUESTS, f"/redis/database/{database_id}")
    where = f"GET {shown(base)}/redis/database"
    answer = await http.get(f"{base}{path}?credentials=hide", timeout_s=timeout_s, headers=headers)
    database = parse(_Database, expect_ok(answer, where).json(where), where)
    stats = await _stats(http, f"{base}{permit_get(REQUESTS, f'/redis/stats/{database_id}')}", headers, timeout_s)
    limit = database.db_request_limit
    return RedisPlan(
        state=database.state[:40],
        plan=database.type[:40],
        is_changing=bool(database.modifying_state),
        used_bytes=stats.current_storage if stats else None,
        memory_limit_bytes=database.db_memory_threshold,
        commands_today=stats.daily_net_commands if stats else None,
        commands_month=stats.total_monthly_requests if stats else None,
        request_limit=0 if limit is not None and limit > UNLIMITED else limit,
    )


async def _found(http: Http, base: str, headers: dict[str, str], *, host: str, timeout_s: float) -> str:
    """The id of the database whose endpoint, a slug or a full host, is that of `host`."""
    where = f"GET {shown(base)}/redis/databases"
    path = permit_get(REQUESTS, "/redis/databases")
    answer = await http.get(f"{base}{path}", timeout_s=timeout_s, headers=headers)
    listed = parse(_List, {"databases": expect_ok(answer, where).json(where)}, where).databases
    ours = next((d.database_id for d in listed if host and d.endpoint in (host, host.split(".", maxsplit=1)[0])), None)
    if ours is None:
        raise SettingsError("RUNBOOK_UPSTASH_API__DATABASE_ID is not set, and no database of the account has our host")
    return ours


async def _stats(http: Http, url: str, headers: dict[str, str], timeout_s: float) -> _Stats | None:
    """Usage; `None` where the API answers about the database but not about its usage."""
    where = f"GET {shown(url).rsplit('/', 1)[0]}"
    try:
        answer = expect_ok(await http.get(url, timeout_s=timeout_s, headers=headers), where)
    except (BadStatus, ClientTimeout):
        return None
    return parse(_Stats, answer.json(where), where)


def _basic(email: str, key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{email}:{key}".encode()).decode()}
