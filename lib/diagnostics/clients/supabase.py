"""Supabase's management API: the project, its services, its pooler, its disk and its advice. GET only."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from pydantic import Field, RootModel

from diagnostics.clients.http import Http, expect_ok, parse
from diagnostics.clients.payload import Payload
from diagnostics.clients.permitted import permit_get
from diagnostics.clients.symptoms import plain_words
from diagnostics.errors import ClientError, OperationRefused
from diagnostics.readings import Lint, Pooler, ServiceHealth, SupabaseProject
from diagnostics.settings import shown

SERVICES = ("db", "pooler", "rest", "auth")
"""What the platform uses. The parameter is required and takes one name each."""
REQUESTS = (
    ("GET", "/v1/projects/{ref}"),
    ("GET", "/v1/projects/{ref}/health"),
    ("GET", "/v1/projects/{ref}/config/database/pooler"),
    ("GET", "/v1/projects/{ref}/config/disk/util"),
    ("GET", "/v1/projects/{ref}/readonly"),
    ("GET", "/v1/projects/{ref}/advisors/performance"),
    ("GET", "/v1/projects/{ref}/analytics/endpoints/logs"),
)
"""The whole allow-list; `make contract` validates it against the published description."""
_REF = re.compile(r"[a-z]{1,40}")
Bytes = Annotated[float, Field(ge=0, allow_inf_nan=False)]
T = TypeVar("T")


class _Database(Payload):
    version: str = ""


class _Project(Payload):
    status: str
    database: _Database = _Database()


class _Service(Payload):
    name: str
    healthy: bool
    status: str = ""
    error: str | None = None


class _Services(RootModel[list[_Service]]): ...


class _Pooler(Payload):
    database_type: str
    pool_mode: str
    default_pool_size: int | None = None
    max_client_conn: int | None = None


class _Poolers(RootModel[list[_Pooler]]): ...


class _Metrics(Payload):
    fs_size_bytes: Bytes
    fs_used_bytes: Bytes


class _Disk(Payload):
    metrics: _Metrics


class _ReadOnly(Payload):
    enabled: bool


class _Place(Payload):
    name: str | None = None


class _Lint(Payload):
    name: str
    level: str
    metadata: _Place | None = None


class _Lints(Payload):
    lints: list[_Lint]


@dataclass(frozen=True, slots=True)
class Management:
    """Where the management API is, for which project, with which token."""

    http: Http
    base_url: str
    ref: str
    token: str
    timeout_s: float

    async def get(self, path: str, query: dict[str, Any] | None = None) -> tuple[Any, str]:
        """The JSON of one permitted read, and where it came from. Raises ClientError."""
        if "{ref}" not in path or not _REF.fullmatch(self.ref):
            raise OperationRefused(f"GET {path} is not of one project")
        ours = permit_get(REQUESTS, path.replace("{ref}", self.ref))
        where, url = f"GET {shown(self.base_url)}{ours}", f"{self.base_url}{ours}"
        if query:
            url += "?" + urlencode(query, doseq=True)
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = await self.http.get(url, timeout_s=self.timeout_s, headers=headers)
        return expect_ok(answer, where).json(where), where


async def read_project(management: Management) -> SupabaseProject:
    """The project and what belongs to it. Raises ClientError when the project itself cannot be read.

    A part that cannot be read is `None` in the reading: a token may be scoped to some of them.
    """
    payload, where = await management.get("/v1/projects/{ref}")
    project = parse(_Project, payload, where)
    unread: dict[str, str] = {}

    async def part(name: str, read: Callable[[Management], Awaitable[T]]) -> T | None:
        try:
            return await read(management)
        except ClientError as error:
            unread[name] = str(error)
            return None

    services, poolers, disk, is_read_only, lints = await asyncio.gather(
        part("health", _services),
        part("pooler", _poolers),
        part("disk", _disk),
        part("readonly", _is_read_only),
        part("advisors", _lints),
    )
    return SupabaseProject(
        status=_word(project.status),
        version=_word(project.database.version),
        services=services,
        poolers=poolers,
        disk_bytes=disk.fs_size_bytes if disk else None,
        disk_used_bytes=disk.fs_used_bytes if disk else None,
        is_read_only=is_read_only,
        lints=lints,
        unread=tuple(sorted(unread)),
        why_unread=tuple(unread[name] for name in sorted(unread)),
    )


async def _services(management: Management) -> tuple[ServiceHealth, ...]:
    payload, where = await management.get("/v1/projects/{ref}/health", {"services": SERVICES})
    return tuple(
        ServiceHealth(
            name=_word(s.name), is_healthy=s.healthy, status=_word(s.status), detail=plain_words(s.error or "")
        )
        for s in parse(_Services, payload, where).root
    )


async def _poolers(management: Management) -> tuple[Pooler, ...]:
    payload, where = await management.get("/v1/projects/{ref}/config/database/pooler")
    return tuple(
        Pooler(
            kind=_word(p.database_type),
            mode=_word(p.pool_mode),
            pool_size=p.default_pool_size,
            most_clients=p.max_client_conn,
        )
        for p in parse(_Poolers, payload, where).root
    )


async def _disk(management: Management) -> _Metrics:
    payload, where = await management.get("/v1/projects/{ref}/config/disk/util")
    return parse(_Disk, payload, where).metrics


async def _is_read_only(management: Management) -> bool:
    payload, where = await management.get("/v1/projects/{ref}/readonly")
    return parse(_ReadOnly, payload, where).enabled


async def _lints(management: Management) -> tuple[Lint, ...]:
    payload, where = await management.get("/v1/projects/{ref}/advisors/performance")
    return tuple(
        Lint(name=_word(lint.name), level=_word(lint.level), table=_word((lint.metadata or _Place()).name or ""))
        for lint in parse(_Lints, payload, where).lints
    )


def _word(value: str) -> str:
    """A name or status as Supabase forms them; anything else is masked."""
    return value if re.fullmatch(r"[A-Za-z0-9_.-]{0,60}", value) else "…"
