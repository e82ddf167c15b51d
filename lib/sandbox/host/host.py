"""The host of the worker: implements `Service` with real processes, after Railway's rules."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from sandbox.host.logbook import Logbook
from sandbox.host.replica import Replica
from sandbox.service import Deployment, DeploymentStatus, Instance, InstanceStatus, LogLine
from sandbox.worker.releases import RELEASES, Release

OPEN_WITHIN_S = 15.0
WATCH_EVERY_S = 0.1
MEMORY_BYTES = 320 * 1024 * 1024
"""What one replica may use before it is killed."""


@dataclass(slots=True, kw_only=True)
class Rollout:
    """A deployment together with the processes that are it."""

    deployment: Deployment
    release: Release
    replicas: list[Replica]


class Host:
    """One service with its variables, deployments and logs."""

    def __init__(
        self,
        *,
        variables: Mapping[str, str],
        injected: Mapping[str, str],
        release: Release,
        replicas: int,
        drain_s: float,
    ) -> None:
        self.project_id, self.environment_id, self.service_id = (str(uuid4()) for _ in range(3))
        self.name = "gpt-agent-platform"
        self.release = release
        """What the next deployment runs."""
        self.logbook = Logbook()
        self.is_removed = False
        self.is_routed = True
        """Whether the public address leads to the replicas."""
        self._variables = dict(variables)
        self._injected = dict(injected)
        self._wanted = replicas
        self._drain_s = drain_s
        self._rollouts: list[Rollout] = []
        self._past: list[Deployment] = []
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def replicas(self) -> int:
        return self._wanted

    def deployments(self) -> Sequence[Deployment]:
        return [*(each.deployment for each in reversed(self._rollouts)), *self._past]

    def logs(self) -> Sequence[LogLine]:
        # A copy: whoever reads may do so beside us.
        return self.logbook.lines[:]

    def variables(self) -> Mapping[str, str]:
        return dict(self._variables)

    async def set_variables(self, values: Mapping[str, str], *, deploy: bool) -> None:
        self._variables.update(values)
        if deploy:
            self.deploy(self.release)

    async def restart(self, deployment_id: str) -> None:
        rollout = self._find(deployment_id)
        if rollout is not None:
            rollout.deployment.stopped = False
            self._in_turn(self._restart(rollout))

    async def redeploy(self, deployment_id: str | None = None) -> Deployment:
        """Deploy a deployment's commit again, with the variables of today."""
        commit = next((each.commit for each in self.deployments() if each.id == deployment_id), None)
        found = next((release for release in RELEASES if release.commit == commit), self.release)
        return self.deploy(found)

    async def scale(self, replicas: int) -> None:
        self._wanted = replicas
        self._in_turn(self._scale())

    async def stop(self, deployment_id: str) -> None:
        rollout = self._find(deployment_id)
        if rollout is not None:
            rollout.deployment.stopped = True
            self._in_turn(self._end(rollout, InstanceStatus.STOPPED))

    def deploy(self, release: Release, *, at: datetime | None = None) -> Deployment:
        """Begin a deployment (dated now or `at`); the one before ends when this one has started."""
        self.release = release
        now = at or datetime.now(UTC)
        deployment = Deployment(
            id=str(uuid4()),
            status=DeploymentStatus.INITIALIZING,
            created_at=now,
            status_updated_at=now,
            commit=release.commit,
        )
        rollout = Rollout(deployment=deployment, release=release, replicas=[])
        self._rollouts.append(rollout)
        self._in_turn(self._roll_out(rollout))
        return deployment

    def remember(self, past: Sequence[Deployment]) -> None:
        """Deployments from before the sandbox was started, newest first."""
        self._past = list(past)

    @property
    def current(self) -> Rollout | None:
        """The newest deployment that has processes, or had."""
        return next((each for each in reversed(self._rollouts) if each.replicas), None)

    @property
    def running(self) -> Sequence[Replica]:
        """Replicas whose process runs, of every deployment that is not being removed."""
        return [
            replica
            for rollout in self._rollouts
            if rollout.deployment.status is not DeploymentStatus.REMOVED
            for replica in rollout.replicas
            if replica.is_running
        ]

    async def settle(self) -> None:
        """Wait until everything begun has been done."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def watch_memory(self) -> None:
        """Kill what takes more memory than it may; never returns."""
        while True:
            for replica in self.running:
                if replica.resident_bytes > MEMORY_BYTES:
                    replica.kill()
            await asyncio.sleep(WATCH_EVERY_S)

    async def close(self) -> None:
        """End every process, at once."""
        for task in tuple(self._tasks):
            task.cancel()
        replicas = [replica for rollout in self._rollouts for replica in rollout.replicas]
        await asyncio.gather(*(replica.end(InstanceStatus.REMOVED, grace_s=0) for replica in replicas))
        for replica in replicas:
            replica.release_port()

    def _find(self, deployment_id: str) -> Rollout | None:
        return next((each for each in self._rollouts if each.deployment.id == deployment_id), None)

    def _in_turn(self, work: Coroutine[None, None, None]) -> None:
        async def run() -> None:
            async with self._turn:
                await work

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _roll_out(self, rollout: Rollout) -> None:
        self._mark(rollout, DeploymentStatus.DEPLOYING)
        for _ in range(self._wanted):
            self._add(rollout)
        async with asyncio.TaskGroup() as opening:
            for replica in rollout.replicas:
                opening.create_task(_opened_or_late(replica))
        if rollout.deployment.status is DeploymentStatus.DEPLOYING:
            self._mark(rollout, DeploymentStatus.SUCCESS)
        for older in self._rollouts[: self._rollouts.index(rollout)]:
            if older.deployment.status is not DeploymentStatus.REMOVED:
                self._mark(older, DeploymentStatus.REMOVED)
                await self._end(older, InstanceStatus.REMOVED)
                for replica in older.replicas:
                    replica.release_port()

    async def _restart(self, rollout: Rollout) -> None:
        self._mark(rollout, DeploymentStatus.SUCCESS)
        await asyncio.gather(*(replica.restart(grace_s=self._drain_s) for replica in rollout.replicas))
        await asyncio.gather(*(_opened_or_late(replica) for replica in rollout.replicas))

    async def _scale(self) -> None:
        rollout = self.current
        if rollout is None:
            return
        while len(rollout.replicas) < self._wanted:
            self._add(rollout)
        surplus, rollout.replicas[self._wanted :] = rollout.replicas[self._wanted :], []
        await asyncio.gather(
            *(replica.end(InstanceStatus.REMOVED, grace_s=self._drain_s) for replica in surplus),
            *(_opened_or_late(replica) for replica in rollout.replicas),
        )
        rollout.deployment.instances[:] = [replica.instance for replica in rollout.replicas]

    async def _end(self, rollout: Rollout, status: InstanceStatus) -> None:
        await asyncio.gather(*(replica.end(status, grace_s=self._drain_s) for replica in rollout.replicas))

    def _add(self, rollout: Rollout) -> None:
        replica = Replica(
            deployment_id=rollout.deployment.id,
            release=rollout.release.name,
            environment=self._environment(rollout),
            logbook=self.logbook,
            on_change=lambda: self._judge(rollout),
        )
        rollout.replicas.append(replica)
        rollout.deployment.instances.append(replica.instance)
        replica.begin()

    def _environment(self, rollout: Rollout) -> dict[str, str]:
        return {
            **self._variables,
            **self._injected,
            "RAILWAY_PROJECT_ID": self.project_id,
            "RAILWAY_ENVIRONMENT_ID": self.environment_id,
            "RAILWAY_SERVICE_ID": self.service_id,
            "RAILWAY_SERVICE_NAME": self.name,
            "RAILWAY_DEPLOYMENT_ID": rollout.deployment.id,
            "RAILWAY_GIT_COMMIT_SHA": rollout.release.commit,
        }

    def _judge(self, rollout: Rollout) -> None:
        """A deployment has crashed when all its instances have."""
        instances: list[Instance] = rollout.deployment.instances
        is_over = rollout.deployment.status in (DeploymentStatus.REMOVED, DeploymentStatus.CRASHED)
        if not is_over and instances and all(each.status is InstanceStatus.CRASHED for each in instances):
            self._mark(rollout, DeploymentStatus.CRASHED)

    def _mark(self, rollout: Rollout, status: DeploymentStatus) -> None:
        rollout.deployment.status_updated_at = datetime.now(UTC)
        rollout.deployment.status = status

    def backdate(self, deployment_id: str, at: datetime) -> None:
        """Let a deployment have succeeded in the past."""
        rollout = self._find(deployment_id)
        if rollout is not None:
            rollout.deployment.status_updated_at = at


async def _opened_or_late(replica: Replica) -> None:
    try:
        async with asyncio.timeout(OPEN_WITHIN_S):
            await replica.opened()
    except TimeoutError:
        return
