"""The worker service as its host sees it: deployments, instances, log lines.

The supervisor implements `Service` with real processes; the Railway stand-in only
shows and drives it. Neither knows the other's inside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol


class DeploymentStatus(Enum):
    """Railway's `DeploymentStatus`, as far as the sandbox produces it."""

    INITIALIZING = "INITIALIZING"
    BUILDING = "BUILDING"
    DEPLOYING = "DEPLOYING"
    SUCCESS = "SUCCESS"
    CRASHED = "CRASHED"
    FAILED = "FAILED"
    REMOVED = "REMOVED"


class InstanceStatus(Enum):
    """Railway's `DeploymentInstanceStatus`, as far as the sandbox produces it."""

    INITIALIZING = "INITIALIZING"
    RUNNING = "RUNNING"
    RESTARTING = "RESTARTING"
    CRASHED = "CRASHED"
    EXITED = "EXITED"
    STOPPED = "STOPPED"
    REMOVED = "REMOVED"


@dataclass(slots=True, kw_only=True)
class Instance:
    """One replica: a real process, or the place where one was."""

    id: str
    status: InstanceStatus
    restarts: int = 0


@dataclass(slots=True, kw_only=True)
class Deployment:
    """One release of the worker with the variables it was started with. Times are UTC."""

    id: str
    status: DeploymentStatus
    created_at: datetime
    status_updated_at: datetime
    commit: str
    instances: list[Instance] = field(default_factory=list)
    stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line a process wrote. `severity` is Railway's: debug, info, warn or error."""

    at: datetime
    message: str
    severity: str
    deployment_id: str
    instance_id: str
    attributes: Mapping[str, str] = field(default_factory=dict)


class Service(Protocol):
    """What a host offers about one service. Ids are UUID texts."""

    project_id: str
    environment_id: str
    service_id: str
    name: str

    def replicas(self) -> int: ...
    def deployments(self) -> Sequence[Deployment]:
        """Newest first, history included."""
        ...

    def logs(self) -> Sequence[LogLine]:
        """Oldest first, as far back as the host keeps them."""
        ...

    def variables(self) -> Mapping[str, str]: ...
    async def set_variables(self, values: Mapping[str, str], *, deploy: bool) -> None: ...
    async def restart(self, deployment_id: str) -> None: ...
    async def redeploy(self, deployment_id: str | None = None) -> Deployment: ...
    async def scale(self, replicas: int) -> None: ...
    async def stop(self, deployment_id: str) -> None: ...
