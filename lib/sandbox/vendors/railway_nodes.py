"""The sandbox's service as Railway's objects: project, environment, service, instance, deployment."""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid5

from graphql import GraphQLError

from sandbox.service import Deployment, DeploymentStatus, Service
from sandbox.vendors.railway_state import RailwayState

PROJECT = "gpt-agent-platform"
ENVIRONMENT = "production"
REGION = "us-west2"
CONFIG_FILE = "services/worker/railway.json"
MAX_RESTARTS = 10

Payload = dict[str, object]

_RELEASING = (DeploymentStatus.INITIALIZING, DeploymentStatus.BUILDING, DeploymentStatus.DEPLOYING)
_PAST = (DeploymentStatus.SUCCESS, DeploymentStatus.REMOVED)


@dataclass(slots=True, kw_only=True)
class Backboard:
    """What resolvers work on: the service, the stand-in's state and where the replicas run."""

    service: Service
    state: RailwayState
    token: str
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    regions: dict[str, int] = field(default_factory=dict)

    def replicas_by_region(self) -> dict[str, int]:
        """Replicas per region; the service knows only their sum."""
        count = self.service.replicas()
        return dict(self.regions) if sum(self.regions.values()) == count else {REGION: count}

    def deployment(self, deployment_id: str) -> Deployment:
        """The deployment with that id, or Railway's refusal."""
        for deployment in self.service.deployments():
            if deployment.id == deployment_id:
                return deployment
        raise GraphQLError("Deployment not found")

    def check(self, *, project: str | None = None, environment: str | None = None) -> None:
        """Refuse what a project token does not open."""
        if project not in (None, self.service.project_id):
            raise GraphQLError("Not Authorized")
        if environment not in (None, self.service.environment_id):
            raise GraphQLError("Not Authorized")

    def check_instance(self, environment_id: str, service_id: str) -> None:
        """Refuse a service instance that is not ours."""
        self.check(environment=environment_id)
        if service_id != self.service.service_id:
            raise GraphQLError("ServiceInstance not found")


def project_node(board: Backboard) -> Payload:
    """The project of the token."""
    service = board.service
    return {
        "id": service.project_id,
        "name": PROJECT,
        "primaryEnvironmentId": service.environment_id,
        "createdAt": board.started_at,
        "updatedAt": board.started_at,
        "environments": _pages(board, lambda: [environment_node(board)]),
        "services": _pages(board, lambda: [service_node(board)]),
    }


def environment_node(board: Backboard) -> Payload:
    """The environment of the token."""
    return {
        "id": board.service.environment_id,
        "name": ENVIRONMENT,
        "projectId": board.service.project_id,
        "createdAt": board.started_at,
        "updatedAt": board.started_at,
        "isEphemeral": False,
        "unmergedChangesCount": 0,
    }


def service_node(board: Backboard) -> Payload:
    """The one service of the project."""
    return {
        "id": board.service.service_id,
        "name": board.service.name,
        "projectId": board.service.project_id,
        "project": lambda _info: project_node(board),
        "createdAt": board.started_at,
        "updatedAt": board.started_at,
    }


def token_node(board: Backboard) -> Payload:
    """The project token itself, masked."""
    return {
        "id": derived_id(board, "token"),
        "name": "sandbox",
        "displayToken": f"****-{board.token[-4:]}",
        "createdAt": board.started_at,
        "projectId": board.service.project_id,
        "project": lambda _info: project_node(board),
        "environmentId": board.service.environment_id,
        "environment": lambda _info: environment_node(board),
    }


def instance_node(board: Backboard) -> Payload:
    """The service in its environment: settings, replicas and deployments."""
    deployments = board.service.deployments()
    active = [each for each in deployments if each.status is DeploymentStatus.SUCCESS and not each.stopped]
    return {
        "id": derived_id(board, "instance"),
        "serviceId": board.service.service_id,
        "service": lambda _info: service_node(board),
        "serviceName": board.service.name,
        "environmentId": board.service.environment_id,
        "createdAt": board.started_at,
        "updatedAt": board.started_at,
        "numReplicas": board.service.replicas(),
        "region": next(iter(board.replicas_by_region()), REGION),
        "restartPolicyType": "ON_FAILURE",
        "restartPolicyMaxRetries": MAX_RESTARTS,
        "sleepApplication": False,
        "railwayConfigFile": CONFIG_FILE,
        "latestDeployment": deployment_node(board, deployments[0]) if deployments else None,
        "activeDeployments": [deployment_node(board, each) for each in active],
    }


def deployment_node(board: Backboard, deployment: Deployment) -> Payload:
    """One deployment with its instances."""
    newest = next(iter(board.service.deployments()), deployment)
    return {
        "id": deployment.id,
        "status": deployment.status.value,
        "statusUpdatedAt": deployment.status_updated_at,
        "createdAt": deployment.created_at,
        "updatedAt": deployment.status_updated_at,
        "meta": _meta(board, deployment),
        "canRedeploy": deployment.status not in _RELEASING,
        "canRollback": deployment.status in _PAST and deployment.id != newest.id,
        "deploymentStopped": deployment.stopped,
        "projectId": board.service.project_id,
        "environmentId": board.service.environment_id,
        "environment": lambda _info: environment_node(board),
        "serviceId": board.service.service_id,
        "service": lambda _info: service_node(board),
        "instances": [{"id": each.id, "status": each.status.value} for each in deployment.instances],
    }


def connection(board: Backboard, nodes: Sequence[Payload], arguments: Mapping[str, int | str | None]) -> Payload:
    """A Relay connection over `nodes`. Cursors name nodes, so pages stay true while new ones arrive."""
    cursors = [base64.b64encode(f"cursor:{node['id']}".encode()).decode() for node in nodes]
    low = _position(cursors, arguments.get("after"), missing=-1) + 1
    high = _position(cursors, arguments.get("before"), missing=len(nodes))
    first, last = _size(arguments, "first"), _size(arguments, "last")
    if last is not None and first is None:
        low = max(low, high - min(last, board.state.page_size))
    else:
        high = min(high, low + min(first if first is not None else len(nodes), board.state.page_size))
    chosen = range(low, max(low, high))
    return {
        "edges": [{"cursor": cursors[index], "node": nodes[index]} for index in chosen],
        "pageInfo": {
            "hasNextPage": chosen.stop < len(nodes),
            "hasPreviousPage": bool(nodes) and chosen.start > 0,
            "startCursor": cursors[chosen.start] if chosen else None,
            "endCursor": cursors[chosen.stop - 1] if chosen else None,
        },
    }


def derived_id(board: Backboard, name: str) -> str:
    """A UUID that stays the same for the same service."""
    return str(uuid5(UUID(int=0), f"{name}:{board.service.environment_id}:{board.service.service_id}"))


def _pages(board: Backboard, nodes: Callable[[], Sequence[Payload]]) -> Callable[..., Payload]:
    def resolve(_info: object, **arguments: int | str | None) -> Payload:
        return connection(board, nodes(), arguments)

    return resolve


def _position(cursors: Sequence[str], cursor: int | str | None, *, missing: int) -> int:
    if cursor is None:
        return missing
    if cursor not in cursors:
        raise GraphQLError("Invalid cursor")
    return cursors.index(str(cursor))


def _size(arguments: Mapping[str, int | str | None], name: str) -> int | None:
    size = arguments.get(name)
    if size is not None and int(size) < 0:
        raise GraphQLError(f"`{name}` must not be negative")
    return None if size is None else int(size)


def _meta(board: Backboard, deployment: Deployment) -> Payload:
    """Untyped in the schema, so it carries keys that clients have no use for."""
    regions = {region: {"numReplicas": count} for region, count in board.replicas_by_region().items()}
    return {
        "commitHash": deployment.commit,
        "branch": "main",
        "reason": "deploy",
        "configFile": CONFIG_FILE,
        "serviceManifest": {
            "deploy": {
                "multiRegionConfig": regions,
                "restartPolicyType": "ON_FAILURE",
                "restartPolicyMaxRetries": MAX_RESTARTS,
                "runtime": "V2",
            }
        },
    }
