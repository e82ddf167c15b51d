"""The project on Vercel: its variables, deployments and alias; builds are made and functions started for real."""

from __future__ import annotations

import asyncio
import secrets
import string
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.frontend.releases import HEAD, Release
from sandbox.site.building import BuildFailed, build
from sandbox.site.deployment import BuildEvent, Deployment, ReadyState
from sandbox.site.function import Function, InvocationFailed
from sandbox.site.requests import RequestLog
from sandbox.site.variables import Variables

BUILD_S = 0.2
"""How long a build takes; a real one needs more than a minute."""
ALPHANUMERIC = string.ascii_letters + string.digits


@dataclass(slots=True, kw_only=True)
class AliasRequest:
    """The last change of the alias that a person asked for. `kind`: `promote` or `rollback`."""

    from_id: str | None
    to_id: str
    kind: str
    requested_at: datetime
    status: str = "pending"


class Site:
    """One project with one production alias."""

    def __init__(self, *, injected: Mapping[str, str]) -> None:
        self.project_id, self.team_id = _id("prj"), _id("team")
        self.token = secrets.token_urlsafe(18)
        """Of an account that may use the API."""
        self.name = "gpt-agent"
        self.domain = "gpt-agent-kwid.vercel.app"
        self.variables = Variables()
        self.requests = RequestLog()
        self.release = HEAD
        """What the next deployment from git is."""
        self.alias: str | None = None
        """Id of the deployment that serves; `None`: the alias points nowhere."""
        self.alias_request: AliasRequest | None = None
        self._injected = dict(injected)
        self._deployments: list[Deployment] = []
        self._functions: dict[str, Function] = {}
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def deployments(self) -> Sequence[Deployment]:
        """Newest first."""
        return sorted(self._deployments, key=lambda each: each.created_at, reverse=True)

    def find(self, id_or_host: str) -> Deployment | None:
        """By id, by own address, or by the alias."""
        if id_or_host == self.domain:
            return self.serving
        return next((each for each in self._deployments if id_or_host in (each.id, each.host)), None)

    @property
    def serving(self) -> Deployment | None:
        """The deployment behind the alias."""
        return next((each for each in self._deployments if each.id == self.alias), None)

    def function(self, deployment: Deployment) -> Function:
        """The function of a deployment; its process may not run."""
        if deployment.id not in self._functions:
            self._functions[deployment.id] = Function(
                deployment.release,
                self._environment(deployment),
                lambda request, level, text: self.requests.printed(request, deployment.id, level, text),
            )
        return self._functions[deployment.id]

    def deploy(
        self, release: Release | None = None, *, source: str = "git", meta: Mapping[str, str] | None = None
    ) -> Deployment:
        """Begin a production deployment of a release with the variables of now."""
        self.release = release or self.release
        deployment = self._new(self.release, source=source, at=datetime.now(UTC), meta=meta or {})
        self._in_turn(lambda: self._build(deployment))
        return deployment

    def redeploy(self, deployment: Deployment) -> Deployment:
        """Build an old deployment's commit again, with the variables of now."""
        meta = {"action": "redeploy", "originalDeploymentId": deployment.id}
        return self.deploy(deployment.release, source="redeploy", meta=meta)

    def preview(self, release: Release, *, branch: str) -> Deployment:
        """Begin a preview deployment of a branch; it never gets the production alias."""
        deployment = self._new(release, source="git", at=datetime.now(UTC), meta={}, branch=branch)
        self._in_turn(lambda: self._build(deployment))
        return deployment

    def remember(self, release: Release, at: datetime) -> Deployment:
        """A deployment from before the sandbox was started, built and once in production."""
        deployment = self._new(release, source="git", at=at, meta={})
        deployment.building_at = deployment.ready_at = deployment.alias_assigned_at = at
        deployment.state = ReadyState.READY
        deployment.events += [
            BuildEvent(at=at, kind=kind, level=level, text=text) for kind, level, text in build(release)
        ]
        return deployment

    def move_alias(self, deployment: Deployment, kind: str) -> None:
        """Promote a deployment or roll back to it: nothing is built, and its old variables come back."""
        request = self.alias_request = AliasRequest(
            from_id=self.alias, to_id=deployment.id, kind=kind, requested_at=datetime.now(UTC)
        )
        self._in_turn(lambda: self._move(deployment, request))

    def begin_with(self, deployment: Deployment) -> None:
        """Let a deployment be the one that serves, as if it always had."""
        self._in_turn(lambda: self._switch(deployment))

    async def remove_alias(self) -> None:
        """Take the production address from the project."""
        serving, self.alias = self.serving, None
        if serving is not None:
            await self.function(serving).stop()

    def cancel(self, deployment: Deployment) -> None:
        """Give up a build that has not ended."""
        if deployment.state in (ReadyState.QUEUED, ReadyState.BUILDING):
            deployment.state = ReadyState.CANCELED

    async def settle(self) -> None:
        """Wait until everything begun has been done."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """End every process, at once."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*(each.stop(grace_s=0) for each in self._functions.values()))

    def _new(
        self, release: Release, *, source: str, at: datetime, meta: Mapping[str, str], branch: str = "main"
    ) -> Deployment:
        deployment = Deployment(
            id=_id("dpl"),
            host=f"{self.name}-{secrets.token_hex(5)}-world-wide-services.vercel.app",
            release=release,
            variables=self.variables.values("production" if branch == "main" else "preview"),
            source=source,
            target="production" if branch == "main" else None,
            created_at=at,
            meta={
                **meta,
                "githubCommitSha": release.commit,
                "githubCommitRef": branch,
                "githubCommitMessage": release.message,
            },
        )
        self._deployments.append(deployment)
        return deployment

    def _in_turn(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        async def run() -> None:
            async with self._turn:
                await work()

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _build(self, deployment: Deployment) -> None:
        if deployment.state is ReadyState.CANCELED:
            return
        deployment.state, deployment.building_at = ReadyState.BUILDING, datetime.now(UTC)
        try:
            await asyncio.sleep(BUILD_S)
            for kind, level, text in build(deployment.release, branch=deployment.meta["githubCommitRef"]):
                now = datetime.now(UTC)
                deployment.events.append(BuildEvent(at=now, kind=kind, level=level, text=text))
        except BuildFailed as error:
            deployment.state = ReadyState.ERROR
            deployment.error_code, deployment.error_message = error.code, str(error)
            return
        if deployment.state is ReadyState.BUILDING:
            deployment.state, deployment.ready_at = ReadyState.READY, datetime.now(UTC)
            if deployment.target == "production":
                await self._switch(deployment)

    async def _move(self, deployment: Deployment, request: AliasRequest) -> None:
        request.status = "in-progress"
        await self._switch(deployment)
        request.status = "succeeded"

    async def _switch(self, deployment: Deployment) -> None:
        """Point the alias at a deployment and end the instance of the one before."""
        before, self.alias = self.serving, deployment.id
        deployment.alias_assigned_at = deployment.alias_assigned_at or datetime.now(UTC)
        with suppress(InvocationFailed):
            await self.function(deployment).port()
        if before is not None and before is not deployment:
            await self.function(before).stop()

    def _environment(self, deployment: Deployment) -> dict[str, str]:
        return {
            **deployment.variables,
            **self._injected,
            "VERCEL": "1",
            "VERCEL_ENV": deployment.target or "preview",
            "VERCEL_URL": deployment.host,
            "VERCEL_REGION": "iad1",
            "VERCEL_DEPLOYMENT_ID": deployment.id,
            "VERCEL_GIT_COMMIT_SHA": deployment.release.commit,
        }


def _id(kind: str) -> str:
    """An id as Vercel makes them."""
    return f"{kind}_" + "".join(secrets.choice(ALPHANUMERIC) for _ in range(24))
