"""A `Service` without processes: what Railway's stand-in shows and drives in tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sandbox.service import Deployment, DeploymentStatus, Instance, InstanceStatus, LogLine

BASE = datetime(2026, 1, 26, 9, 0, tzinfo=UTC)
PROJECT_ID = str(UUID(int=1))
ENVIRONMENT_ID = str(UUID(int=2))
SERVICE_ID = str(UUID(int=3))
PROJECT_TOKEN = "sandbox-project-token"


def instance_id(number: int, replica: int) -> str:
    """The id of one replica of deployment `number`."""
    return str(UUID(int=number * 1000 + replica))


def deployment_id(number: int) -> str:
    """The id of deployment `number`; 1 is the oldest."""
    return str(UUID(int=number * 1_000_000))


def line(second: int, message: str, severity: str = "info", **given: object) -> LogLine:
    """A line of the newest deployment. `given`: `replica`, `deployment`, `attributes`."""
    number, attributes = given.get("deployment", 3), given.get("attributes", {})
    assert isinstance(number, int)
    assert isinstance(attributes, dict)
    return LogLine(
        at=BASE + timedelta(seconds=second, microseconds=113482),
        message=message,
        severity=severity,
        deployment_id=deployment_id(number),
        instance_id=instance_id(number, int(str(given.get("replica", 1)))),
        attributes=attributes,
    )


LINES = (
    line(0, "worker starting", deployment=2),
    line(10, "Redis connected", attributes={"attempt": "1", "host": "redis.internal"}),
    line(20, "job completed", attributes={"duration": "15200", "jobName": "send-message"}),
    line(30, "job completed", replica=2, attributes={"duration": "800", "jobName": "sync-contacts"}),
    line(40, "job stalled more than allowable limit", "warn", attributes={"steps": '["parse", "call"]'}),
    line(50, "Error: getaddrinfo ENOTFOUND redis.internal", "error", attributes={"code": "ENOTFOUND"}),
    line(60, "connect ECONNREFUSED 127.0.0.1:6379", "error", replica=2),
)


@dataclass
class MemoryService:
    """Three deployments, two replicas and a record of what was done to them."""

    project_id: str = PROJECT_ID
    environment_id: str = ENVIRONMENT_ID
    service_id: str = SERVICE_ID
    name: str = "worker"
    lines: Sequence[LogLine] = LINES
    done: list[tuple[object, ...]] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=lambda: {"JOB_CONCURRENCY": "25", "PORT": "3001"})
    count: int = 2
    history: list[Deployment] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start with a removed, a failed and a running deployment."""
        for number, status in ((1, "REMOVED"), (2, "FAILED"), (3, "SUCCESS")):
            self.history.insert(0, self._deployment(number, DeploymentStatus(status)))

    def replicas(self) -> int:
        """How many replicas are asked for."""
        return self.count

    def deployments(self) -> Sequence[Deployment]:
        """Newest first."""
        return self.history

    def logs(self) -> Sequence[LogLine]:
        """Oldest first."""
        return self.lines

    def variables(self) -> Mapping[str, str]:
        """What the worker was given."""
        return self.values

    async def set_variables(self, values: Mapping[str, str], *, deploy: bool) -> None:
        """Keep the values and, if asked to, deploy."""
        self.done.append(("set_variables", dict(values), deploy))
        self.values.update(values)
        if deploy:
            await self.redeploy()

    async def restart(self, deployment_id: str) -> None:
        """Record it."""
        self.done.append(("restart", deployment_id))

    async def redeploy(self, deployment_id: str | None = None) -> Deployment:
        """Add a deployment that has just begun."""
        self.done.append(("redeploy", deployment_id))
        begun = self._deployment(len(self.history) + 1, DeploymentStatus.INITIALIZING)
        self.history.insert(0, begun)
        return begun

    async def scale(self, replicas: int) -> None:
        """Record it."""
        self.done.append(("scale", replicas))
        self.count = replicas

    async def stop(self, deployment_id: str) -> None:
        """Mark the deployment as stopped."""
        self.done.append(("stop", deployment_id))
        next(each for each in self.history if each.id == deployment_id).stopped = True

    def _deployment(self, number: int, status: DeploymentStatus) -> Deployment:
        running = status is DeploymentStatus.SUCCESS
        replicas = range(1, self.count + 1) if running else ()
        return Deployment(
            id=deployment_id(number),
            status=status,
            created_at=BASE + timedelta(hours=number - 4),
            status_updated_at=BASE + timedelta(hours=number - 4, minutes=2),
            commit=f"{number}f3c0de",
            instances=[
                Instance(id=instance_id(number, replica), status=InstanceStatus.RUNNING) for replica in replicas
            ],
        )
