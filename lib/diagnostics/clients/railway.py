"""Railway's GraphQL API: one named query a run, values of variables dropped on the spot."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import Field

from diagnostics.clients.http import Http, expect_ok, parse
from diagnostics.clients.payload import Payload
from diagnostics.clients.variables import described
from diagnostics.clients.workerlog import event_of
from diagnostics.errors import ClientError, ConnectFailed, SchemaError, Unauthorized
from diagnostics.profile import RailwaySection
from diagnostics.readings import Deployment, RailwayService, WorkerLog
from diagnostics.settings import shown

LOG_LINES = 2000


class _Instance(Payload):
    id: str
    status: str


class _Deployment(Payload):
    id: str
    status: str
    createdAt: datetime
    statusUpdatedAt: datetime | None = None
    meta: Any = None
    deploymentStopped: bool | None = None
    instances: list[_Instance] = Field(default_factory=list)


class _Node(Payload):
    node: _Deployment


class _Deployments(Payload):
    edges: list[_Node]


class _ServiceInstance(Payload):
    serviceName: str
    numReplicas: int | None = None
    restartPolicyMaxRetries: int | None = None
    latestDeployment: _Deployment | None = None


class _Attribute(Payload):
    key: str
    value: str


class _Tags(Payload):
    serviceId: str | None = None
    deploymentInstanceId: str | None = None


class _Log(Payload):
    timestamp: str
    message: str
    severity: str | None = None
    attributes: list[_Attribute] = Field(default_factory=list)
    tags: _Tags | None = None


class _Incident(Payload):
    message: str
    status: str


class _Platform(Payload):
    isStable: bool
    incident: _Incident | None = None


class _Data(Payload):
    serviceInstance: _ServiceInstance
    deployments: _Deployments
    variables: dict[str, str | None] | None = None
    errors: list[_Log] | None = None
    lines: list[_Log] | None = None
    platformStatus: _Platform | None = None


class _Error(Payload):
    message: str
    path: list[str | int] = Field(default_factory=list)


class _Envelope(Payload):
    data: dict[str, Any] | None = None
    errors: list[_Error] = Field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class RailwayAnswer:
    """Everything of one request: the service, and its log where it could be read."""

    service: RailwayService
    log: WorkerLog | None


async def read_service(
    http: Http, section: RailwaySection, token: str, *, since: datetime, until: datetime, timeout_s: float
) -> RailwayAnswer:
    """One request for service, deployments, variables, log lines and platform status.

    Raises: ClientError; Unauthorized also for the refusals that arrive in a 200 body.
    """
    import stamina  # noqa: PLC0415  (slow to import: while others look)

    where = f"POST {shown(section.base_url)}"
    # One retry, of connecting only: a query is a read, but Railway counts every request against its hourly limit.
    async for attempt in stamina.retry_context(on=ConnectFailed, attempts=2, timeout=timeout_s, wait_initial=0.1):
        with attempt:
            answer = await http.query(
                section.base_url,
                name="WorkerService",
                variables=_variables(section, since, until),
                headers=_authorization(section, token),
                timeout_s=timeout_s,
            )
    if answer.status_code != 400:
        expect_ok(answer, where)
    envelope = parse(_Envelope, answer.json(where), where)
    _refuse(envelope, where)
    data = parse(_Data, envelope.data or {}, where)
    return RailwayAnswer(service=_service(data), log=_log(data, section.service_id, since, until))


def _variables(section: RailwaySection, since: datetime, until: datetime) -> dict[str, object]:
    """Log lines lie between `beforeDate`, the oldest wanted, and `anchorDate`, the newest."""
    ids = {
        "projectId": section.project_id,
        "environmentId": section.environment_id,
        "serviceId": section.service_id,
    }
    # The environment's log is that of all services: another one's chatter must not crowd ours out.
    ours = f"@service:{section.service_id}"
    return {
        **ids,
        "list": dict(ids),
        "ours": ours,
        "errors": f"{ours} AND (@level:error OR @level:warn OR stalled OR worker.ready OR redis.ready)",
        "before": _stamp(since),
        "anchor": _stamp(until),
        "lines": LOG_LINES,
    }


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _authorization(section: RailwaySection, token: str) -> dict[str, str]:
    name, scheme = section.header.split(": ")
    return {name: scheme + token}


def _refuse(envelope: _Envelope, where: str) -> None:
    """Raise what the errors of a GraphQL answer mean, unless there is data beside them."""
    for error in envelope.errors:
        message = error.message.lower()
        if "not authorized" in message or "project token not found" in message or "two factor" in message:
            raise Unauthorized(f"{where}: the token is missing, wrong or not permitted for this project")
        if "cannot query field" in message or "unknown argument" in message:
            raise SchemaError(f"{where}: the API no longer knows a field we ask for", path="query")
    if envelope.errors and not (envelope.data or {}).get("serviceInstance"):
        raise ClientError(f"{where}: the API could not answer the query")


def _service(data: _Data) -> RailwayService:
    instance = data.serviceInstance
    latest = instance.latestDeployment
    statuses = tuple(i.status for i in latest.instances) if latest else ()
    incident = data.platformStatus.incident if data.platformStatus else None
    return RailwayService(
        name=instance.serviceName,
        replicas_wanted=instance.numReplicas,
        replicas_running=sum(1 for status in statuses if status == "RUNNING"),
        instance_statuses=statuses,
        restart_limit=instance.restartPolicyMaxRetries,
        latest=_release(latest) if latest else None,
        is_stopped=latest.deploymentStopped if latest else None,
        deployments=tuple(_release(edge.node) for edge in data.deployments.edges),
        variables=described(data.variables) if data.variables is not None else None,
        provider_incident=incident.status if incident and incident.status != "RESOLVED" else "",
    )


def _release(node: _Deployment) -> Deployment:
    commit = node.meta.get("commitHash", "") if isinstance(node.meta, dict) else ""
    return Deployment(
        id=node.id,
        status=node.status,
        created_at=node.createdAt,
        status_updated_at=node.statusUpdatedAt,
        commit=commit if re.fullmatch(r"[0-9a-f]{4,40}", str(commit)) else "",
    )


def _log(data: _Data, service_id: str, since: datetime, until: datetime) -> WorkerLog | None:
    if data.lines is None:
        return None
    start, end = int(since.timestamp() * 1000), int(until.timestamp() * 1000)
    lines = list(_events(data.lines, service_id))
    is_truncated = len(data.lines) >= LOG_LINES
    # Lines that nobody could read vouch for nothing: then the log is seen from its end on, which is no span at all.
    oldest = lines[0].at_ms if lines else end
    vouched = max(start, oldest) if is_truncated else start
    older = [e for e in _events(data.errors or [], service_id) if e.at_ms < vouched]
    return WorkerLog(
        events=tuple(e for e in sorted([*older, *lines], key=lambda e: e.at_ms) if e.at_ms >= start),
        since_ms=vouched,
        until_ms=end,
        is_truncated=is_truncated,
    )


def _events(logs: Iterable[_Log], service_id: str) -> Iterable[Any]:
    events = (
        event_of(
            log.timestamp,
            log.message,
            severity=log.severity or "",
            attributes={a.key: _attribute(a.value) for a in log.attributes},
            instance=(log.tags.deploymentInstanceId or "") if log.tags else "",
        )
        for log in logs
        if not log.tags or log.tags.serviceId in (None, service_id)
    )
    return sorted((event for event in events if event), key=lambda event: event.at_ms)


def _attribute(value: str) -> Any:
    """Attribute values are JSON-encoded strings."""
    try:
        return json.loads(value)
    except ValueError:
        return value
