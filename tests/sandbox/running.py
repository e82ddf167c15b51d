"""A sandbox as its user sees it: a command line, an env file, addresses. Nothing of its inside."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from redis.asyncio import Redis

from sandbox import control

GRACE_S = 60.0
PATIENT = {"RUNBOOK_THRESHOLDS__P95_S": "[60, 120]"}
"""For tests of severities: a busy machine makes any site slow, and no test judges this machine."""


def sandbox(*words: str, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the command line in a directory."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", *words],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert not check or done.returncode == 0, f"sandbox {' '.join(words)}: {done.returncode} {done.stderr}"
    return done


@dataclass(frozen=True, kw_only=True)
class Running:
    """One sandbox that is up."""

    cwd: Path
    settings: dict[str, str]
    name: str = "default"

    def order(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return sandbox(*words, "--name", self.name, cwd=self.cwd, check=check)

    def tell(self, order: str, **details: object) -> dict[str, Any]:
        """The same orders without the cost of a process."""
        return control.order(self.address["control"], order, **details)

    async def fault(self, name: str) -> None:
        await asyncio.to_thread(self.tell, "fault", name=name)

    async def heal(self) -> None:
        await asyncio.to_thread(self.tell, "heal")

    def status(self) -> dict[str, Any]:
        return self.tell("status")

    @property
    def folder(self) -> Path:
        return self.cwd / ".sandbox" / self.name

    @property
    def address(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.folder / "supervisor.json").read_text())
        return found

    def processes(self) -> set[int]:
        """The supervisor's pid and those of all it started."""
        return descendants(int(self.address["pid"]))

    async def get(self, path: str, *, within_s: float = 5.0, **headers: str) -> httpx.Response | None:
        """What the worker's public address answers, `None` when it does not in time."""
        async with httpx.AsyncClient(trust_env=False, verify=False) as client:
            try:
                return await client.get(
                    self.settings["RUNBOOK_WORKER__BASE_URL"] + path, timeout=within_s, headers=headers
                )
            except httpx.TimeoutException:
                return None

    def redis(self, variable: str = "REDIS_URL", **options: Any) -> Any:
        """A client of the edge with the user's own credentials."""
        return Redis.from_url(
            self.settings[variable],
            ssl_ca_certs=self.settings["RUNBOOK_REDIS__CA_FILE"],
            decode_responses=True,
            **options,
        )

    async def railway(self, query: str, **variables: Any) -> Any:
        """The data of a GraphQL question."""
        settings = self.settings
        body = {
            "query": query,
            "variables": {
                "projectId": settings["RUNBOOK_RAILWAY__PROJECT_ID"],
                "environmentId": settings["RUNBOOK_RAILWAY__ENVIRONMENT_ID"],
                "serviceId": settings["RUNBOOK_RAILWAY__SERVICE_ID"],
                **variables,
            },
        }
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=20) as client:
            answer = await client.post(
                settings["RUNBOOK_RAILWAY__BASE_URL"],
                json=body,
                headers={"Project-Access-Token": settings["RAILWAY_TOKEN"]},
            )
        content = answer.json()
        assert "errors" not in content, content["errors"]
        return content["data"]

    async def said(self, text: str, lines: int = 2000) -> bool:
        """Whether a text is among the last log lines of the newest deployment, attributes included."""
        query = (
            "query($projectId:String!,$environmentId:String!,$serviceId:String!){deployments(first:1,input:"
            "{projectId:$projectId,environmentId:$environmentId,serviceId:$serviceId}){edges{node{id}}}}"
        )
        newest = (await self.railway(query))["deployments"]["edges"][0]["node"]["id"]
        query = (
            "query($id:String!,$limit:Int){deploymentLogs(deploymentId:$id,limit:$limit){message attributes{value}}}"
        )
        found = await self.railway(query, id=newest, limit=lines)
        return text in json.dumps(found, ensure_ascii=False)


def parse(text: str) -> dict[str, str]:
    """`KEY=VALUE` lines as a mapping."""
    return dict(line.split("=", 1) for line in text.splitlines())


@contextmanager
def running(cwd: Path, *options: str, name: str = "default") -> Iterator[Running]:
    """A sandbox for as long as the block lasts."""
    done = sandbox("up", "--name", name, *options, cwd=cwd)
    try:
        yield Running(cwd=cwd, settings=parse(done.stdout), name=name)
    finally:
        sandbox("down", "--name", name, cwd=cwd)


async def eventually(condition: Callable[[], Awaitable[bool]], within_s: float = GRACE_S) -> None:
    """Wait until a condition holds; fail when it does not in time."""
    give_up_at = time.monotonic() + within_s
    while not await condition():
        assert time.monotonic() < give_up_at, f"not within {within_s:g} s"
        await asyncio.sleep(0.05)


def descendants(pid: int) -> set[int]:
    """A process and everything below it, read from /proc."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def alive(pids: set[int]) -> set[int]:
    """Those of the processes that still run; a zombie does not."""
    found = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            found.add(pid)
    return found
