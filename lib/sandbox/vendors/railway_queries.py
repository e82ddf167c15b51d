"""Resolvers of Railway's queries. Each takes what the SDL names and answers a payload."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from graphql import GraphQLError

from sandbox.service import LogLine
from sandbox.vendors.railway_logs import AnchoredLines, LatestLines, build_lines, log_payload
from sandbox.vendors.railway_nodes import (
    Backboard,
    Payload,
    connection,
    deployment_node,
    environment_node,
    instance_node,
    project_node,
    service_node,
    token_node,
)


def project(board: Backboard, *, id_: str) -> Payload:
    """The project of the token; any other is not authorised."""
    board.check(project=id_)
    return project_node(board)


def environment(board: Backboard, *, id_: str, project_id: str | None = None) -> Payload:
    """The environment of the token; any other is not authorised."""
    board.check(project=project_id, environment=id_)
    return environment_node(board)


def service(board: Backboard, *, id_: str) -> Payload:
    """The worker's service."""
    if id_ != board.service.service_id:
        raise GraphQLError("Service not found")
    return service_node(board)


def project_token(board: Backboard) -> Payload:
    """What the token opens."""
    return token_node(board)


def service_instance(board: Backboard, *, environment_id: str, service_id: str) -> Payload:
    """The service in its environment."""
    board.check_instance(environment_id, service_id)
    return instance_node(board)


def deployment(board: Backboard, *, id_: str) -> Payload:
    """One deployment."""
    return deployment_node(board, board.deployment(id_))


def deployments(board: Backboard, *, input_: Mapping[str, object], **page: int | str | None) -> Payload:
    """Deployments, newest first, a page at a time."""
    board.check(project=_text(input_.get("projectId")), environment=_text(input_.get("environmentId")))
    if input_.get("serviceId") not in (None, board.service.service_id):
        return connection(board, [], page)
    status = input_.get("status")
    wanted, unwanted = _statuses(status, "in"), _statuses(status, "notIn")
    nodes = [
        deployment_node(board, each)
        for each in board.service.deployments()
        if (wanted is None or each.status.value in wanted) and each.status.value not in (unwanted or ())
    ]
    return connection(board, nodes, page)


def deployment_logs(board: Backboard, *, deployment_id: str, **window: Any) -> list[Payload]:
    """The newest lines one deployment wrote."""
    board.deployment(deployment_id)
    lines = [each for each in board.service.logs() if each.deployment_id == deployment_id]
    return _logs(board, LatestLines(**window).of(lines, board.service, spare=board.state.one_line_more))


def build_logs(board: Backboard, *, deployment_id: str, **window: Any) -> list[Payload]:
    """What building one deployment wrote."""
    lines = build_lines(board.deployment(deployment_id))
    return _logs(board, LatestLines(**window).of(lines, board.service, spare=board.state.one_line_more))


def environment_logs(board: Backboard, *, environment_id: str, **window: Any) -> list[Payload]:
    """Lines of every deployment around an instant."""
    board.check(environment=environment_id)
    return _logs(board, AnchoredLines(**window).of(board.service.logs(), board.service))


def http_logs(board: Backboard, *, deployment_id: str, limit: int | None = None, **window: Any) -> list[Payload]:
    """Nothing, whatever is asked: nobody stands at the edge of the sandbox and writes one."""
    board.deployment(deployment_id)
    LatestLines(limit=limit).of((), board.service)
    AnchoredLines(**window).of((), board.service)
    return []


def variables(
    board: Backboard,
    *,
    project_id: str,
    environment_id: str,
    service_id: str | None = None,
    **_unrendered: object,
) -> dict[str, str]:
    """The service's variables with their values; shared ones do not exist here."""
    board.check(project=project_id, environment=environment_id)
    if service_id is None:
        return {}
    board.check_instance(environment_id, service_id)
    return dict(board.service.variables())


def variables_for_deployment(
    board: Backboard, *, project_id: str, environment_id: str, service_id: str
) -> dict[str, str]:
    """The same variables, and those Railway itself gives a container."""
    board.check(project=project_id)
    board.check_instance(environment_id, service_id)
    given = {
        "RAILWAY_PROJECT_ID": project_id,
        "RAILWAY_ENVIRONMENT_ID": environment_id,
        "RAILWAY_SERVICE_ID": service_id,
        "RAILWAY_SERVICE_NAME": board.service.name,
    }
    return {**board.service.variables(), **given}


def metrics(
    board: Backboard, *, project_id: str | None = None, environment_id: str | None = None, **_window: Any
) -> list[Payload]:
    """Nothing, whatever is asked: the sandbox samples no processor."""
    board.check(project=project_id, environment=environment_id)
    return []


def platform_status(board: Backboard) -> Payload:
    """Railway's word about itself."""
    incident = board.state.incident
    if incident is None:
        return {"isStable": True}
    shown = {
        "id": incident.id,
        "message": incident.message,
        "status": incident.status,
        "url": incident.url,
        "createdAt": incident.created_at,
    }
    return {"isStable": False, "incident": shown}


QUERIES: Mapping[str, Callable[..., object]] = {
    "project": project,
    "service": service,
    "environment": environment,
    "projectToken": project_token,
    "serviceInstance": service_instance,
    "deployments": deployments,
    "deployment": deployment,
    "deploymentLogs": deployment_logs,
    "buildLogs": build_logs,
    "environmentLogs": environment_logs,
    "httpLogs": http_logs,
    "variables": variables,
    "variablesForServiceDeployment": variables_for_deployment,
    "metrics": metrics,
    "platformStatus": platform_status,
}


def _logs(board: Backboard, lines: Iterable[LogLine]) -> list[Payload]:
    return [log_payload(line, board.service) for line in lines]


def _statuses(status: object, name: str) -> list[str] | None:
    return status.get(name) if isinstance(status, dict) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
