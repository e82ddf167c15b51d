"""Vercel's REST API: the project, its production deployments, a failed build's log, names of variables. GET only.

Values of variables are dropped on the spot, lines of a build log are masked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from pydantic import AliasChoices, Field

from diagnostics.clients.build_words import masked
from diagnostics.clients.http import Http, expect_ok, parse
from diagnostics.clients.payload import Payload
from diagnostics.clients.permitted import permit_get
from diagnostics.errors import ClientError, SchemaError
from diagnostics.profile import VercelSection
from diagnostics.readings import (
    AliasRequest,
    VercelDeployment,
    VercelDeployments,
    VercelVariable,
    VercelVariables,
)
from diagnostics.settings import shown

REQUESTS = (
    ("GET", "/v9/projects/{project}"),
    ("GET", "/v6/deployments"),
    ("GET", "/v13/deployments/{deployment}"),
    ("GET", "/v3/deployments/{deployment}/events"),
    ("GET", "/v10/projects/{project}/env"),
)
"""The whole allow-list of the API."""
_DEPLOYMENTS = 20
_EVENTS = 500
_LINES = 12
"""Error lines of a build that are kept: the first ones name the cause."""
_PAGES = 3

Millis = Annotated[int, Field(ge=0, le=10**14)]


class _Production(Payload):
    id: str
    alias: list[str] = Field(default_factory=list)


class _Targets(Payload):
    production: _Production | None = None


class _AliasRequest(Payload):
    toDeploymentId: str
    jobStatus: str
    type: str
    requestedAt: Millis | None = None


class _Project(Payload):
    id: str
    paused: bool | None = None
    targets: _Targets | None = None
    lastAliasRequest: _AliasRequest | None = None


class _Deployment(Payload):
    id: str = Field(validation_alias=AliasChoices("uid", "id"))
    state: str = Field(validation_alias=AliasChoices("readyState", "state"))
    created: Millis = Field(validation_alias=AliasChoices("createdAt", "created"))
    ready: Millis | None = None
    source: str | None = None
    errorCode: str | None = None
    meta: Any = None


class _Page(Payload):
    next: Millis | None = None


class _Deployments(Payload):
    deployments: list[_Deployment]


class _Payload(Payload):
    text: str | None = None


class _Event(Payload):
    type: str
    level: str | None = None
    text: str | None = None
    payload: _Payload | None = None


class _Variable(Payload):
    key: str
    type: str = ""
    target: list[str] | str | None = None
    updatedAt: Millis | None = None
    createdAt: Millis | None = None


class _Variables(Payload):
    envs: list[_Variable]
    hiddenProductionEnvCount: Annotated[int, Field(ge=0)] = 0
    pagination: _Page | None = None


async def read_deployments(http: Http, section: VercelSection, token: str, *, timeout_s: float) -> VercelDeployments:
    """The project, its newest production deployments, and the build log of a newest attempt that failed.

    Raises: ClientError where project or list cannot be read; a build log that cannot be read is left out.
    """
    api = _Api(http, section, token, timeout_s)
    project = await api.read(_Project, f"/v9/projects/{quote(section.project_id, safe='')}")
    wanted = {"projectId": section.project_id, "target": "production", "limit": _DEPLOYMENTS}
    listed = (await api.read(_Deployments, "/v6/deployments", wanted)).deployments
    found = tuple(_deployment(d) for d in sorted(listed, key=lambda d: -d.created))
    target = project.targets.production if project.targets else None
    serving = next((d for d in found if target and d.id == target.id), None)
    if target and serving is None:
        serving = _deployment(await api.read(_Deployment, f"/v13/deployments/{quote(target.id, safe='')}"))
    failed = found[0].id if found and found[0].state == "ERROR" else ""
    return VercelDeployments(
        serving=serving,
        deployments=found,
        is_paused=bool(project.paused),
        aliases=tuple(h for h in target.alias if _is_host(h)) if target else (),
        alias_request=_alias_request(project.lastAliasRequest),
        build_id=failed,
        build_errors=await _build_errors(api, failed) if failed else None,
    )


async def read_variables(http: Http, section: VercelSection, token: str, *, timeout_s: float) -> VercelVariables:
    """Names, targets and times of the project's variables; their values end here. Raises ClientError."""
    api = _Api(http, section, token, timeout_s)
    path, query = f"/v10/projects/{quote(section.project_id, safe='')}/env", dict[str, object]()
    found: list[VercelVariable] = []
    hidden, following = 0, None
    for _ in range(_PAGES):
        page = await api.read(_Variables, path, query, wrap="envs")
        found += [_variable(v) for v in page.envs]
        hidden = max(hidden, page.hiddenProductionEnvCount)
        following = page.pagination.next if page.pagination else None
        if following is None:
            break
        query = {"until": following}
    return VercelVariables(variables=tuple(found), hidden=hidden, is_complete=following is None)


class _Api:
    """One project's answers: the team and the token go with each request."""

    def __init__(self, http: Http, section: VercelSection, token: str, timeout_s: float) -> None:
        self._http, self._base, self._timeout_s = http, section.base_url, timeout_s
        self._team = {"teamId": section.team_id} if section.team_id else {}
        self._headers = {"Authorization": f"Bearer {token}"}

    async def json(self, path: str, query: Mapping[str, object] = {}) -> Any:
        where = f"GET {shown(self._base)}{permit_get(REQUESTS, path)}"
        words = urlencode({**query, **self._team})
        url = f"{self._base}{path}{'?' if words else ''}{words}"
        answer = await self._http.get(url, timeout_s=self._timeout_s, headers=self._headers)
        return expect_ok(answer, where).json(where)

    async def read(self, model: Any, path: str, query: Mapping[str, object] = {}, *, wrap: str = "") -> Any:
        """The answer as `model`; with `wrap` a bare object is taken as the only one of a list of that name."""
        body = await self.json(path, query)
        if wrap and isinstance(body, dict) and wrap not in body and "key" in body:
            body = {wrap: [body]}
        return parse(model, body, f"GET {shown(self._base)}{path}")


async def _build_errors(api: _Api, deployment: str) -> tuple[str, ...] | None:
    query = {"direction": "backward", "limit": _EVENTS, "builds": 1}
    path = f"/v3/deployments/{quote(deployment, safe='')}/events"
    try:
        body = await api.json(path, query)
        if not isinstance(body, list):
            raise SchemaError(f"GET {path}: the log is no list", path="$")
        events = [parse(_Event, item, f"GET {path}") for item in body if isinstance(item, dict)]
    except ClientError:
        return None
    wrong = [e for e in events if e.type in ("stderr", "fatal") or e.level == "error"]
    # Warnings of tools go to stderr too: where something calls itself an error, that is what counts.
    loud = [e for e in wrong if e.level == "error" or e.type == "fatal"] or wrong
    told = [(e.text or (e.payload.text if e.payload else None) or "").strip() for e in reversed(loud)]
    return tuple(masked(line) for line in told if line)[:_LINES]


def _deployment(d: _Deployment) -> VercelDeployment:
    commit = d.meta.get("githubCommitSha", "") if isinstance(d.meta, dict) else ""
    return VercelDeployment(
        id=_name(d.id),
        state=_name(d.state),
        created_at=_at(d.created),
        ready_at=_at(d.ready) if d.ready else None,
        source=_name(d.source or ""),
        commit=commit if re.fullmatch(r"[0-9a-f]{4,40}", str(commit)) else "",
        error_code=_name(d.errorCode or ""),
    )


def _alias_request(told: _AliasRequest | None) -> AliasRequest | None:
    if told is None:
        return None
    return AliasRequest(
        kind=_name(told.type),
        status=_name(told.jobStatus),
        to_id=_name(told.toDeploymentId),
        requested_at=_at(told.requestedAt) if told.requestedAt else None,
    )


def _variable(v: _Variable) -> VercelVariable:
    targets = [v.target] if isinstance(v.target, str) else v.target or []
    moment = v.updatedAt or v.createdAt
    return VercelVariable(
        name=v.key if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,80}", v.key) else "…",
        targets=tuple(_name(t) for t in targets),
        kind=_name(v.type),
        created_at=_at(v.createdAt) if v.createdAt else None,
        updated_at=_at(moment) if moment else None,
    )


def _name(word: str) -> str:
    """A word as Vercel forms ids, states and codes; anything else is masked."""
    return word if re.fullmatch(r"[A-Za-z0-9_-]{0,64}", word) else "…"


def _is_host(word: str) -> bool:
    return bool(re.fullmatch(r"[a-z0-9.-]{1,120}", word))


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
